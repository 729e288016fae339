using System.Text;

namespace AutoProvision.Vms;

public class ConsoleLinesTests
{
    [Fact]
    public async Task A_line_without_an_end_is_cut_between_characters()
    {
        var text = "x" + string.Concat(Enumerable.Repeat("\u20AC", 20_000));
        var pieces = Encoding.UTF8.GetBytes(text).Chunk(5000).Select(piece => new ReadOnlyMemory<byte>(piece)).ToAsyncEnumerable();

        var lines = await ConsoleLines.SplitAsync(pieces, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(text, string.Concat(lines));
        Assert.InRange(lines.Count, 4, 5);
    }
}
