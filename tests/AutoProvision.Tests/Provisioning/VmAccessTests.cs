using AutoProvision.Fakes;
using AutoProvision.Provisioning.Reconciliation;
using AutoProvision.Ssh.Files;

namespace AutoProvision.Provisioning;

/// <summary>How the service reaches a VM whose key files are not all there.</summary>
public sealed class VmAccessTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData("service_ed25519*")]
    [InlineData("service_ed25519.pub")]
    public async Task Without_the_service_accounts_key_the_users_login_gets_at_files(string missing)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        foreach (var file in Directory.GetFiles(Path.Combine(host.DataDirectory, "keys", Rounds.Id(vm).ToString()), missing))
            File.Delete(file);

        await http.GetJsonAsync($"{vm}/files/stat?path=/etc");

        Assert.Equal([("tester", SftpCommand.Plain.ByUser())], host.Guests.Programs);
    }
}
