using AutoProvision.Fakes;
using Microsoft.Extensions.Options;

namespace AutoProvision;

public sealed class SettingsTests
{
    [Fact(Timeout = 30_000)]
    public async Task Every_wrong_setting_of_every_section_is_told_at_once()
    {
        await using var host = new FakeHost();

        var failure = Assert.Throws<OptionsValidationException>(() => host.Start(
            ("AutoProvision:DataDirectory", "relative"), ("Libvirt:PoolDirectory", "/a b"), ("Libvirt:AddressPollInterval", "00:00:01"),
            ("Provisioning:Concurrency", "0"), ("Provisioning:Timeouts:Ssh", "00:00:00"), ("Vms:DefaultCpus", "99"),
            ("Ssh:RetryInterval", "00:00:09"), ("Images:Catalog:tiny:Path", "relative.img")));

        foreach (var setting in (string[])["AutoProvision:DataDirectory", "Libvirt:PoolDirectory", "Libvirt:AddressPollInterval", "Provisioning:Concurrency", "Provisioning:Timeouts", "Vms:", "Ssh:RetryInterval", "tiny"])
            Assert.Contains(failure.Failures, fault => fault.Contains(setting, StringComparison.Ordinal));
        Assert.False(Directory.Exists(host.DataDirectory));
    }
}
