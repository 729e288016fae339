using AutoProvision.Ssh.Files;

namespace AutoProvision.Ssh;

/// <summary>What a guest may call its files in an archive, which is unpacked by somebody who trusts it.</summary>
public sealed class ArchiveNamesTests
{
    [Fact]
    public void The_files_of_a_directory_pass_in_the_order_of_their_directories()
    {
        var names = new ArchiveNames();
        foreach (var (name, kind) in ((string, FileKind)[])[("a", FileKind.Directory), ("a/link", FileKind.Symlink), ("a/b", FileKind.Directory), ("a/b/..f", FileKind.File),
            ("a/c", FileKind.File), ("ab", FileKind.Directory), ("ab/link", FileKind.File), ("two\nlines", FileKind.File), ("...", FileKind.File), ("größe", FileKind.Directory), ("größe/-", FileKind.Fifo)])
            names.Add(name, kind);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("a/..")]
    [InlineData("/x")]
    [InlineData("//x")]
    [InlineData("a//x")]
    [InlineData("a/")]
    [InlineData("a/./x")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("x\0y")]
    [InlineData("no/directory/came")]
    [InlineData("link/x")]
    [InlineData("file/x")]
    [InlineData("link")]
    public void A_name_that_lies_elsewhere_or_leads_there_is_refused(string name)
    {
        var names = new ArchiveNames();
        names.Add("a", FileKind.Directory);
        names.Add("link", FileKind.Symlink);
        names.Add("file", FileKind.File);

        Assert.Throws<InvalidDataException>(() => names.Add(name, FileKind.Directory));
    }

    [Fact]
    public void A_link_is_no_directory_later_either()
    {
        var names = new ArchiveNames();
        names.Add("a", FileKind.Symlink);
        names.Add("b", FileKind.Directory);

        Assert.Throws<InvalidDataException>(() => names.Add("a", FileKind.Directory));
        Assert.Throws<InvalidDataException>(() => names.Add("a/x", FileKind.File));
    }

    /// <summary>In <c>d/</c>, <c>d/l -> /etc</c>, <c>d/</c>, <c>d/l/</c>, <c>d/l/evil</c> the last name is in a directory that came just before.</summary>
    [Theory]
    [InlineData("", FileKind.Directory)]
    [InlineData("", FileKind.Symlink)]
    [InlineData("", FileKind.File)]
    [InlineData("up/", FileKind.Directory)]
    public void A_directory_that_was_left_does_not_come_again(string above, FileKind kind)
    {
        var names = new ArchiveNames();
        if (above.Length > 0)
            names.Add(above[..^1], FileKind.Directory);
        names.Add(above + "d", FileKind.Directory);
        names.Add(above + "d/l", FileKind.Symlink);

        Assert.Throws<InvalidDataException>(() => names.Add(above + "d", kind));
        names.Add(above + "e", FileKind.Directory);
        Assert.Throws<InvalidDataException>(() => names.Add(above + "d", kind));
        Assert.Throws<InvalidDataException>(() => names.Add(above + "d/l/evil", FileKind.File));
        names.Add(above + "e2", FileKind.File);
    }

    [Fact]
    public void The_same_name_may_be_in_several_directories()
    {
        var names = new ArchiveNames();
        foreach (var (name, kind) in ((string, FileKind)[])[("a", FileKind.Directory), ("a/a", FileKind.Directory), ("a/a/l", FileKind.Symlink), ("a/l", FileKind.Directory), ("b", FileKind.Directory),
            ("b/a", FileKind.Directory), ("b/a/l", FileKind.Directory), ("b/l", FileKind.Symlink), ("l", FileKind.Directory)])
            names.Add(name, kind);
    }

    [Fact]
    public void Only_so_much_is_remembered_at_a_time()
    {
        var names = new ArchiveNames(mostCharacters: 100);
        // What was left is forgotten.
        foreach (var (name, kind) in ((string, FileKind)[])[("a", FileKind.Directory), ("a/x", FileKind.Symlink), ("a/y", FileKind.Directory), ("b", FileKind.Directory), ("b/x", FileKind.Directory), ("b/f", FileKind.File)])
            names.Add(name, kind);

        Assert.Throws<InvalidDataException>(() => names.Add("b/y", FileKind.Symlink));
    }

    [Fact]
    public void A_name_longer_than_any_guest_can_have_it_is_refused()
    {
        Assert.Throws<InvalidDataException>(() => new ArchiveNames().Add(new string('ä', 128), FileKind.File));
        Assert.Throws<InvalidDataException>(() => new ArchiveNames().Add(string.Join('/', Enumerable.Repeat("x", 2048)), FileKind.File));
    }
}
