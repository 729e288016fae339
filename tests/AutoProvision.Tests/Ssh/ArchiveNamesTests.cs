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
        names.Add("a", FileKind.Directory);
        names.Add("b", FileKind.Directory);
        names.Add("a", FileKind.Symlink);

        Assert.Throws<InvalidDataException>(() => names.Add("a", FileKind.Directory));
        Assert.Throws<InvalidDataException>(() => names.Add("a/x", FileKind.File));
    }

    [Fact]
    public void A_name_longer_than_any_guest_can_have_it_is_refused()
    {
        Assert.Throws<InvalidDataException>(() => new ArchiveNames().Add(new string('ä', 128), FileKind.File));
        Assert.Throws<InvalidDataException>(() => new ArchiveNames().Add(string.Join('/', Enumerable.Repeat("x", 2048)), FileKind.File));
    }
}
