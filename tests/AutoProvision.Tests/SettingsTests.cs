using AutoProvision.Fakes;
using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Images;
using AutoProvision.Provisioning;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using AutoProvision.Webhooks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AutoProvision;

public sealed class SettingsTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("autoprovision-settings-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task Every_wrong_setting_of_every_section_is_told_at_once()
    {
        var told = await ServiceProcess.FailToStartAsync(
            "--AutoProvision:DataDirectory=relative", "--Libvirt:PoolDirectory=/a b", "--Libvirt:Acelerator=Kvm", "--Libvirt:AddressPollInterval=00:00:01",
            "--Provisioning:Concurrency=0", "--Provisioning:Timeouts:Ssh=00:00:00", "--Vms:DefaultCpus=99",
            "--Ssh:RetryInterval=00:00:09", "--Images:Catalog:tiny:Path=relative.img", "--Webhooks:Endpoints:ci:Url=here");

        foreach (var setting in (string[])["settings_invalid", "AutoProvision:DataDirectory", "Libvirt:PoolDirectory", "Libvirt:Acelerator is unknown; Libvirt has Accelerator, ", "Libvirt:AddressPollInterval", "Provisioning:Concurrency", "Provisioning:Timeouts", "Vms:", "Ssh:RetryInterval", "tiny", "Webhooks:Endpoints:ci: Url", "Webhooks:Endpoints:ci: Secret"])
            Assert.Contains(setting, told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Provisioning:TeardownRetry", "-00:00:01")]
    [InlineData("Provisioning:TeardownRetry", "00:00:00")]
    [InlineData("Provisioning:TeardownRetry", "50.00:00:00")]
    [InlineData("Provisioning:DeletedRetention", "-00:00:01")]
    [InlineData("Provisioning:ReconcileInterval", "00:00:00.900")]
    [InlineData("Provisioning:ReconcileInterval", "1.00:00:01")]
    [InlineData("Admission:MemoryOvercommit", "0")]
    [InlineData("Admission:DiskOvercommit", "NaN")]
    [InlineData("Admission:MinFreeDiskMiB", "-1")]
    [InlineData("Admission:MinFreeMemoryMiB", "-1")]
    [InlineData("Provisioning:DeletedRetention", "10000000.00:00:00")]
    [InlineData("Provisioning:Timeouts:Image", "1.00:00:01")]
    [InlineData("Provisioning:Timeouts:Preparation", "-00:00:01")]
    [InlineData("Provisioning:Timeouts:Domain", "50.00:00:00")]
    [InlineData("Provisioning:Timeouts:Address", "00:00:00")]
    [InlineData("Provisioning:Timeouts:Ssh", "50.00:00:00")]
    [InlineData("Provisioning:Timeouts:CloudInit", "50.00:00:00")]
    [InlineData("Provisioning:Timeouts:Undo", "50.00:00:00")]
    [InlineData("Vms:DefaultImage", "windows")]
    [InlineData("Vms:DefaultImage", "Tiny")]
    [InlineData("Vms:DefaultImage", "")]
    [InlineData("Vms:DefaultCpus", "17")]
    [InlineData("Vms:DefaultMemoryMiB", "65537")]
    [InlineData("Vms:DefaultDiskGiB", "1025")]
    public void A_setting_that_cannot_work_is_named(string setting, string value)
    {
        var fault = Assert.Single(Faults((setting, value)));

        Assert.Contains(setting, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Provisioning:DeletedRetention", "00:00:00")]
    [InlineData("Provisioning:Timeouts:Image", "1.00:00:00")]
    [InlineData("Vms:DefaultCpus", "16")]
    public void One_at_its_limit_is_fine(string setting, string value) => Assert.Empty(Faults((setting, value)));

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

    [Theory]
    [InlineData("AutoProvision:Directory", "AutoProvision:Directory is unknown; AutoProvision has DataDirectory.")]
    [InlineData("Vms:DefaultCpu", "Vms:DefaultCpu is unknown; Vms has DefaultCpus, ")]
    [InlineData("Admission:MinFreeDisk", "Admission:MinFreeDisk is unknown; Admission has MinFreeDiskMiB, ")]
    [InlineData("Libvirt:PoolDirectoy", "Libvirt:PoolDirectoy is unknown; Libvirt has PoolDirectory, ")]
    [InlineData("Provisioning:Timeouts:Adress", "Provisioning:Timeouts:Adress is unknown; Provisioning:Timeouts has Address, ")]
    [InlineData("Provisioning:Timeouts", "Provisioning:Timeouts is no single value; it has Image, ")]
    [InlineData("Ssh:Timeout:Exec", "Ssh:Timeout is unknown; Ssh has ")]
    [InlineData("Ssh:UseAgent:Always", "Ssh:UseAgent:Always is unknown; Ssh:UseAgent is a single value.")]
    [InlineData("Images:Catalogue:tiny:Path", "Images:Catalogue is unknown; Images has Catalog, ")]
    [InlineData("Images:Catalog:tiny:Usr", "Images:Catalog:tiny:Usr is unknown; Images:Catalog:tiny has User, ")]
    [InlineData("Images:Catalog", "Images:Catalog is no single value; it has entries with names.")]
    [InlineData("Webhooks:Endpoints:ci:Type:0", "Webhooks:Endpoints:ci:Type is unknown; Webhooks:Endpoints:ci has Types, ")]
    [InlineData("Webhooks:Endpoints:ci:Types", "Webhooks:Endpoints:ci:Types is no single value; it has a list, Webhooks:Endpoints:ci:Types:0 and so on.")]
    [InlineData("Libvrt:PoolDirectory", "Libvrt:PoolDirectory is unknown; there is no section Libvrt, but Libvirt has this setting.")]
    [InlineData("Vm:defaultcpus", "Vm:defaultcpus is unknown; there is no section Vm, but Vms has this setting.")]
    public void A_setting_that_there_is_not_is_told_with_those_there_are(string setting, string told) =>
        Assert.StartsWith(told, Assert.Single(Faults((setting, "a secret"), Endpoint)), StringComparison.Ordinal);

    [Theory]
    [InlineData("libvirt:POOLDIRECTORY", "/pool")]
    [InlineData("Images:Catalog:tiny:Build", "")]
    [InlineData("Webhooks:Endpoints:ci:Types:first", "state")]
    [InlineData("Serilog:WriteTo:0:Args:path", "x")]
    [InlineData("Logging:LogLevel:Default", "Debug")]
    [InlineData("Kestrel:Endpoints:Http:Url", "http://127.0.0.1:0")]
    [InlineData("AllowedHosts", "*")]
    [InlineData("AUTOPROVISION_IMAGE_DIR", "/images")]
    [InlineData("SSL:CERT", "/etc/ssl")]
    [InlineData("Sql:ConnectTimeout", "30")]
    [InlineData("IMAGES", "web.img")]
    public void One_in_another_case_an_empty_one_and_those_of_others_are_fine(string setting, string value) => Assert.Empty(Faults((setting, value), Endpoint));

    private static (string, string)[] Endpoint =>
        [("Webhooks:Endpoints:ci:Url", "https://ci.example.org/"), ("Webhooks:Endpoints:ci:Secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];

    private static IEnumerable<string> Faults((string Key, string Value) setting) => Faults(setting, []);

    private static IEnumerable<string> Faults((string Key, string Value) setting, (string Key, string Value)[] others)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Images:Catalog:tiny:Path", "/tiny.img"), new("Vms:DefaultImage", "tiny")])
            .AddInMemoryCollection(others.Append(setting).Select(it => KeyValuePair.Create(it.Key, (string?)it.Value))).Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddImages(configuration).AddSsh(configuration)
            .AddLibvirt(configuration).AddProvisioning(configuration).AddVms(configuration).AddWebhooks(configuration);
        using var provider = services.BuildServiceProvider();
        try
        {
            Settings.Check(provider);
            return [];
        }
        catch (OptionsValidationException e)
        {
            return e.Failures;
        }
    }
}
