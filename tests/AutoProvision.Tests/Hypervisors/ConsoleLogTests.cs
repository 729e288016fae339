using AutoProvision.Hypervisors.Libvirt;

namespace AutoProvision.Hypervisors;

public sealed class ConsoleLogTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("plain\ttext\nnext", "plain\ttext\nnext")]
    [InlineData("[\u001b[0;32m  OK  \u001b[0m] Started\r\n", "[  OK  ] Started\n")]
    [InlineData("\u001bc\u001b[?7l\u001b[2J\u001b[1;1HSeaBIOS\0", "SeaBIOS")]
    [InlineData("\u001b[38;5;185mgrün\u001b[m", "grün")]
    public void Control_sequences_are_cut_out(string raw, string clean) => Assert.Equal(clean, ConsoleLog.Clean(raw));

    [Theory]
    [InlineData("0123456789", 4, "6789")]
    [InlineData("0123456789", 10, "0123456789")]
    [InlineData("01", 4, "01")]
    [InlineData("", 4, "")]
    public async Task The_tail_is_the_last_characters(string text, int chars, string tail)
    {
        await File.WriteAllTextAsync(_path, text, TestContext.Current.CancellationToken);

        Assert.Equal(tail, await ConsoleLog.ReadTailAsync(_path, chars, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_log_that_is_not_there_is_empty() =>
        Assert.Equal("", await ConsoleLog.ReadTailAsync(_path + ".none", 10, TestContext.Current.CancellationToken));
}
