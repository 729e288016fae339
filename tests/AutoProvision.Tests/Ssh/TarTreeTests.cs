using AutoProvision.Ssh.Files;

namespace AutoProvision.Ssh;

/// <summary>What one run of the guest's tar may be given.</summary>
public sealed class TarTreeTests
{
    [Fact]
    public void The_directories_above_a_file_are_made_once()
    {
        var tree = new TarTree();

        Assert.Equal(["a", "a/b"], tree.TryAdd("a/b/f", isDirectory: false));
        Assert.Equal([], tree.TryAdd("a/b", isDirectory: true));
        Assert.Equal([], tree.TryAdd("a/b/g", isDirectory: false));
        Assert.Equal(["a/c"], tree.TryAdd("a/c", isDirectory: true));
        Assert.Equal([], tree.TryAdd("ab", isDirectory: false));
        Assert.Equal(["a", "a/b", "a/c"], tree.Directories.Order());
    }

    /// <summary>Whatever its tar would do then: replace, follow a link, or complain.</summary>
    [Theory]
    [InlineData("a/f", false)]
    [InlineData("a/f", true)]
    [InlineData("a/f/x", false)]
    [InlineData("a/f/x/y", true)]
    [InlineData("a", false)]
    public void No_name_comes_twice_and_nothing_below_what_is_no_directory(string name, bool isDirectory)
    {
        var tree = new TarTree();
        tree.TryAdd("a/f", isDirectory: false);

        Assert.Null(tree.TryAdd(name, isDirectory));
        Assert.Equal(["a"], tree.Directories);
    }

    [Fact]
    public void What_is_copied_in_the_end_stays_as_it_is_until_then()
    {
        var tree = new TarTree();

        Assert.Equal(["new"], tree.TryAddCopy("there/f", "new/copy"));
        Assert.Null(tree.TryAdd("there/f", isDirectory: false));
        Assert.Null(tree.TryAdd("there", isDirectory: false));
        Assert.Null(tree.TryAdd("new/copy", isDirectory: false));
        Assert.Equal(["there"], tree.TryAdd("there/g", isDirectory: false));
    }

    [Fact]
    public void It_is_full_at_some_time()
    {
        var tree = new TarTree();
        for (var i = 0; i < 20_000; i++)
        {
            Assert.False(tree.IsFull);
            tree.TryAdd($"{i}", isDirectory: false);
        }
        Assert.True(tree.IsFull);
    }
}
