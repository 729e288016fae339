using System.Text;

namespace AutoProvision.Webhooks;

public sealed class WebhookSignatureTests
{
    // The example of the specification's own libraries: libraries/csharp/StandardWebhooks.Tests/WebhookTest.cs.
    [Fact]
    public void It_signs_as_the_libraries_of_the_specification_do()
    {
        var secret = WebhookSignature.ReadSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!;

        var signature = WebhookSignature.Sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", Encoding.UTF8.GetBytes("""{"test": 2432232314}"""));

        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
    }

    [Theory]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa")]
    [InlineData("whsec_this is no base64 at all, is it?")]
    public void What_is_no_secret_is_known(string text) => Assert.Null(WebhookSignature.ReadSecret(text));

    [Theory]
    [InlineData(23, false)]
    [InlineData(24, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    [InlineData(1000, false)]
    public void A_secret_has_24_to_64_bytes(int bytes, bool isOne) =>
        Assert.Equal(isOne, WebhookSignature.ReadSecret("whsec_" + Convert.ToBase64String(new byte[bytes])) is not null);
}
