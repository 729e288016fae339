using AutoProvision.Fakes;

namespace AutoProvision;

public sealed class SettingsTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-settings-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task Every_wrong_setting_of_every_section_is_told_at_once()
    {
        var told = await ServiceProcess.FailToStartAsync(
            "--AutoProvision:DataDirectory=relative", "--Libvirt:PoolDirectory=/a b", "--Libvirt:AddressPollInterval=00:00:01",
            "--Provisioning:Concurrency=0", "--Provisioning:Timeouts:Ssh=00:00:00", "--Vms:DefaultCpus=99",
            "--Ssh:RetryInterval=00:00:09", "--Images:Catalog:tiny:Path=relative.img");

        foreach (var setting in (string[])["settings_invalid", "AutoProvision:DataDirectory", "Libvirt:PoolDirectory", "Libvirt:AddressPollInterval", "Provisioning:Concurrency", "Provisioning:Timeouts", "Vms:", "Ssh:RetryInterval", "tiny"])
            Assert.Contains(setting, told, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_value_of_the_wrong_type_is_told_together_with_the_others()
    {
        var data = Path.Combine(_root.FullName, "data");

        var told = await ServiceProcess.FailToStartAsync(
            $"--AutoProvision:DataDirectory={data}", "--Provisioning:Concurrency=abc", "--Vms:DefaultCpus=many", "--Libvirt:Accelerator=steam",
            "--Ssh:UseAgent=perhaps", "--Images:Retries=1.5", "--Images:Directory=relative");

        foreach (var setting in (string[])["Provisioning:Concurrency", "Vms:DefaultCpus", "Libvirt:Accelerator", "Ssh:UseAgent", "Images:Retries"])
            Assert.Contains(setting, told, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));
    }
}
