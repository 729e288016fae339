using System.Security.Cryptography;
using AutoProvision.Images.Downloads;
using AutoProvision.Vms;

namespace AutoProvision.Images;

public sealed class HashingFileTests
{
    [Fact]
    public async Task A_full_disk_has_its_own_code()
    {
        // Linux: a device on which every write says ENOSPC.
        await using var file = HashingFile.Open("/dev/full", HashAlgorithmName.SHA256);

        var failure = await Assert.ThrowsAsync<FailureException>(() => file.AppendAsync(new byte[1], TestContext.Current.CancellationToken));

        Assert.Equal("image_disk_full", failure.Code);
    }

    [Fact]
    public void A_download_that_cannot_fit_is_not_begun()
    {
        Assert.Equal("image_disk_full", Assert.Throws<FailureException>(() => FreeSpace.Require("/tmp/x", long.MaxValue)).Code);
        FreeSpace.Require("/tmp/x", null);
        FreeSpace.Require("/tmp/x", 1);
    }
}
