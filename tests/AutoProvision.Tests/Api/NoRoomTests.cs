using System.Net;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;

namespace AutoProvision.Api;

/// <summary>A host without room, as a client sees it.</summary>
public sealed class NoRoomTests
{
    private const int Limit = 30_000;

    [Theory(Timeout = Limit)]
    [InlineData(100, "disk_full", "100 MiB")]
    [InlineData(1000, "disk_insufficient", "9.8 GiB may be promised")]
    public async Task A_full_disk_refuses_with_507_until_there_is_space_again(int freeMiB, string code, string figures)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var room = host.Hypervisor.Room;
        host.Hypervisor.Room = room with { DiskFreeMiB = freeMiB };

        using var refused = await http.PostJsonAsync("/vms", """{"diskGiB": 10}""");

        var problem = await refused.ReadProblemAsync(HttpStatusCode.InsufficientStorage);
        Assert.Equal(code, problem.Text("code"));
        Assert.Contains(figures, problem.Text("detail"), StringComparison.Ordinal);
        Assert.Empty((await http.GetJsonAsync("/vms")).EnumerateArray());
        host.Hypervisor.Room = room;
        await http.UntilAsync(await http.CreateVmAsync("""{"diskGiB": 10}"""), "ready");
    }

    [Fact(Timeout = Limit)]
    public async Task A_host_short_of_memory_says_when_to_try_again()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var room = host.Hypervisor.Room;
        host.Hypervisor.Room = room with { MemoryAvailableMiB = 1000 };

        using var refused = await http.PostJsonAsync("/vms", """{"memoryMiB": 1024}""");

        var problem = await refused.ReadProblemAsync(HttpStatusCode.ServiceUnavailable);
        Assert.Equal("memory_insufficient", problem.Text("code"));
        Assert.Contains("744 MiB that are left", problem.Text("detail"), StringComparison.Ordinal);
        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        host.Hypervisor.Room = room;
        await http.UntilAsync(await http.CreateVmAsync("""{"memoryMiB": 1024}"""), "ready");
    }

    [Fact(Timeout = Limit)]
    public async Task However_many_ask_at_once_no_more_is_promised_than_there_is()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        host.Hypervisor.Room = host.Hypervisor.Room with { MemoryTotalMiB = 10 * 1024 };
        var gate = host.Hypervisor.Faults.BlockAt(nameof(IHypervisor.FindDomainAsync));
        var sent = Enumerable.Range(0, 50).Select(_ => http.PostJsonAsync("/vms", """{"memoryMiB": 1024}""")).ToList();
        for (var arrived = 0; arrived < sent.Count; arrived++)
            await gate.ReachedAsync();

        gate.Open();
        var answers = (await Task.WhenAll(sent)).CountBy(response => response.StatusCode).ToDictionary();

        Assert.Equal((10, 40), (answers[HttpStatusCode.Accepted], answers[HttpStatusCode.ServiceUnavailable]));
    }
}
