namespace AutoProvision.Images;

/// <summary>The list of accounts that a recipe leaves beside its image.</summary>
public sealed class AccountListTests
{
    private const int Limit = 30_000;
    private const string Name = "debian-12";

    [Fact(Timeout = Limit)]
    public async Task A_build_brings_the_list_along_with_the_image()
    {
        await using var host = new ImagesHost(("Catalog:debian-12:Build", "make"));
        host.Script("make", """
            #!/bin/sh
            echo built >"$1"; printf 'bytes 6\nuser root\nuser backup\ngroup operator\n' >"$1.accounts"
            """);
        Assert.Empty(host.Store.UsersIn(Name));

        await host.Store.EnsureAsync(Name, null, TestContext.Current.CancellationToken);

        Assert.Equal(["backup", "root"], host.Store.UsersIn(Name).Order());
        Assert.Equal(["debian-12.lock", "debian-12.qcow2", "debian-12.qcow2.accounts"], host.Files);
        // Another image came in its place, by hand.
        await File.WriteAllTextAsync(host.File("debian-12.qcow2"), "another", TestContext.Current.CancellationToken);
        Assert.Empty(host.Store.UsersIn(Name));
    }

    [Fact(Timeout = Limit)]
    public async Task A_build_that_fails_leaves_no_list()
    {
        await using var host = new ImagesHost(("Catalog:debian-12:Build", "make"));
        host.Script("make", """
            #!/bin/sh
            echo 'user x' >"$1.accounts"; exit 1
            """);

        await Assert.ThrowsAsync<Vms.FailureException>(() => host.Store.EnsureAsync(Name, null, TestContext.Current.CancellationToken));

        Assert.Equal(["debian-12.lock"], host.Files);
    }

    [Fact]
    public void An_image_that_is_unknown_or_has_no_list_has_no_known_users()
    {
        var image = Path.GetTempFileName();
        Assert.Empty(ImageAccounts.UsersOf(image));
        Assert.Empty(ImageAccounts.UsersOf(image + ".none"));
        File.Delete(image);
    }
}
