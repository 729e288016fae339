using YamlDotNet.Core;

namespace AutoProvision.Inputs;

public sealed class BoundedYamlTests
{
    [Theory]
    [InlineData("? &a [*a]\n: v", "*a stands within")]
    [InlineData("a: &a {b: [*a]}", "*a stands within")]
    [InlineData("&a a: &b [&a [*b]]", "*b stands within")]
    [InlineData("? [a]\n: b", "a key is a collection")]
    [InlineData("{[a]: b}", "a key is a collection")]
    [InlineData("{a: b, {c: d}: e}", "a key is a collection")]
    [InlineData("a: &a [b]\n*a : c", "a key is a collection")]
    [InlineData("a: &a [b]\nc: {*a : d}", "a key is a collection")]
    [InlineData("a: *b", "nothing is named &b")]
    [InlineData("a: *b\nb: &b c", "nothing is named &b")]
    [InlineData("a\n---\nb", "more than one document")]
    public void Documents_that_readers_stumble_over_are_refused(string yaml, string why) =>
        Assert.Contains(why, Assert.Throws<YamlException>(() => Read(yaml)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("a: &a b\n*a : c", 5)]
    [InlineData("a: &a [&a b, *a]\nc: *a", 7)]
    [InlineData("a: &a [b, c]\nd: [*a, *a]", 13)]
    [InlineData("a: &a [b]\nc: &b [*a, *a]\nd: *b", 16)]
    [InlineData("a:", 3)]
    [InlineData("", 0)]
    public void Values_are_counted_with_their_aliases_written_out(string yaml, int count)
    {
        Read(yaml, nodes: count);
        if (count > 0)
            Assert.Equal(InputLimitException.TooComplex, Assert.Throws<InputLimitException>(() => Read(yaml, nodes: count - 1)).Code);
    }

    [Theory]
    [InlineData("[&a bcdefghijklmno, *a, *a, *a]", 56)]
    [InlineData("\"\\L\\L\\L\\L\\L\"", 15)]
    public void So_are_the_bytes_of_their_texts(string yaml, int count)
    {
        Read(yaml, bytes: count);
        Assert.Equal(InputLimitException.TooLarge, Assert.Throws<InputLimitException>(() => Read(yaml, bytes: count - 1)).Code);
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Depth_ends_also_where_it_comes_by_an_alias(int depth, bool isTaken)
    {
        string[] texts =
        [
            new string('[', depth) + new string(']', depth),
            $"- &a {new string('[', 32)}{new string(']', 32)}\n- {new string('[', depth - 33)}*a{new string(']', depth - 33)}",
            string.Concat(Enumerable.Repeat("- ", depth)) + "a",
        ];
        foreach (var text in texts)
        {
            var refused = Record.Exception(() => Read(text));
            Assert.Equal(isTaken, refused is null);
            if (refused is not null)
                Assert.Equal(("a text is nested more than 64 levels deep (line " + (text.Contains('\n') ? 2 : 1) + ").", InputLimitException.TooComplex), (refused.Message, Assert.IsType<InputLimitException>(refused).Code));
        }
    }

    [Fact]
    public void Reading_ends_with_its_cancellation()
    {
        using var source = new CancellationTokenSource();
        var events = new BoundedYaml($"[{NastyYaml.Fill("a,", 10_000)}]", new InputBudget("a text", 100_000, 100_000, 1, source.Token));
        for (var count = 0; count < 100; count++)
            events.MoveNext();

        source.Cancel();

        Assert.Throws<OperationCanceledException>(() => events.MoveNext());
    }

    private static void Read(string yaml, int nodes = InputLimits.MostNodes, int bytes = InputLimits.MostTextBytes)
    {
        var events = new BoundedYaml(yaml, new InputBudget("a text", bytes, nodes, 1, CancellationToken.None));
        while (events.MoveNext())
        {
        }
    }
}
