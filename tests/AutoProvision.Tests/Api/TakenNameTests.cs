using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Images;

namespace AutoProvision.Api;

/// <summary>Names of accounts that an image is known to have.</summary>
public sealed class TakenNameTests
{
    private const int Limit = 30_000;
    private const string Body = """{"user": "backup", "users": [{"name": "mail"}, {"name": "operator"}]}""";

    [Fact(Timeout = Limit)]
    public async Task A_user_of_the_images_is_refused_and_the_name_of_a_group_is_not()
    {
        await using var host = new FakeHost();
        List(host, "user backup", "user mail", "user tester", "group operator");
        using var http = host.Start().CreateClient();

        using var response = await http.PostJsonAsync("/vms", Body);

        var errors = (await response.ReadProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").EnumerateArray();
        Assert.Equal(["/user user_invalid", "/users/0/name user_invalid"], errors.Select(fault => $"{fault.Text("pointer")} {fault.Text("code")}"));
    }

    [Fact(Timeout = Limit)]
    public async Task The_images_own_user_is_taken_whether_it_is_named_or_not()
    {
        await using var host = new FakeHost();
        List(host, "user tester");
        using var http = host.Start().CreateClient();

        await http.CreateVmAsync("""{"user": "tester"}""");
        await http.CreateVmAsync("{}");
    }

    [Fact(Timeout = Limit)]
    public async Task Of_an_image_without_a_list_nothing_is_guessed()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();

        await http.CreateVmAsync(Body);
    }

    [Fact(Timeout = Limit)]
    public async Task An_image_that_comes_later_is_looked_at_before_a_guest_is_made_of_it()
    {
        await using var host = new FakeHost();
        var gate = host.Steps.BlockAt(FaultyStep.Before("image"));
        using var http = host.Start().CreateClient();
        var path = await http.CreateVmAsync("""{"user": "ops", "users": [{"name": "mail"}]}""");
        List(host, "user mail", "user tester");

        gate.Open();

        Assert.Equal("user_taken", (await http.UntilAsync(path, "failed")).GetProperty("failure").Text("code"));
    }

    private static void List(FakeHost host, params string[] lines) =>
        File.WriteAllLines(ImageAccounts.PathFor(host.ImagePath), [$"bytes {new FileInfo(host.ImagePath).Length}", .. lines]);
}
