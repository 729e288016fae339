using System.Net;
using System.Text.Json;
using AutoProvision.Fakes;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>
/// The VMs of a round: a few that are kept ready, so that requests find what they ask for, and the newest ones that requests have made,
/// which are deleted as others come.
/// </summary>
internal sealed class FuzzVms(HttpClient http)
{
    private const int MostNewest = 10;
    private readonly Guid[] _slots = new Guid[VmMarks.Slots];
    private readonly Queue<Guid> _newest = [];
    private readonly Lock _gate = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public Guid Find(bool isNewest, int at)
    {
        lock (_gate)
            return isNewest && _newest.Count > 0 ? _newest.ElementAt(Math.Max(0, _newest.Count - 1 - at)) : _slots[at % _slots.Length];
    }

    /// <summary>Makes the first ones, and waits until they are ready.</summary>
    public async Task FillAsync()
    {
        for (var slot = 0; slot < _slots.Length; slot++)
        {
            _slots[slot] = IdOf(await http.CreateVmAsync());
            Assert.Equal("ready", await WaitAsync(_slots[slot], "ready"));
        }
    }

    /// <summary>Starts what was stopped, and makes a new VM in place of one that is gone.</summary>
    public async Task MendAsync()
    {
        for (var slot = 0; slot < _slots.Length; slot++)
        {
            using var answer = await http.GetAsync(new Uri($"/vms/{_slots[slot]}", UriKind.Relative), Cancellation);
            var state = answer.IsSuccessStatusCode ? (await answer.ReadJsonAsync()).Text("state") : "deleted";
            if (state == "stopped")
                (await http.PostJsonAsync($"/vms/{_slots[slot]}/start", "")).Dispose();
            else if (state is not ("ready" or "queued" or "provisioning"))
                await ReplaceAsync(slot);
        }
    }

    /// <summary>Takes note of a VM that a request has made, and deletes the oldest one where there are many.</summary>
    public async Task NoteAsync(FuzzAnswer answer)
    {
        if (answer.Status != 202 || !answer.Headers.TryGetValue("location", out var location) || !Guid.TryParse(location.Split('/')[^1], out var made))
            return;
        Guid? oldest = null;
        lock (_gate)
        {
            if (!_newest.Contains(made) && !_slots.Contains(made))
                _newest.Enqueue(made);
            if (_newest.Count > MostNewest)
                oldest = _newest.Dequeue();
        }
        if (oldest is { } old)
            await http.DeleteVmAsync($"/vms/{old}");
    }

    /// <summary>Deletes every VM, and waits until all are gone.</summary>
    /// <returns>What is still there.</returns>
    public async Task<IReadOnlyList<string>> ClearAsync()
    {
        lock (_gate)
            _newest.Clear();
        List<Guid> all = [.. (await http.GetJsonAsync("/vms")).EnumerateArray().Select(vm => vm.GetProperty("id").GetGuid())];
        foreach (var id in all)
            await http.DeleteVmAsync($"/vms/{id}");
        foreach (var id in all)
            await WaitAsync(id, "deleted");
        return [.. Left(await http.GetJsonAsync("/vms"), "VM"), .. Left(await http.GetJsonAsync("/host/orphans"), "orphan")];
    }

    private static IEnumerable<string> Left(JsonElement list, string what) => list.EnumerateArray().Select(it => $"{what} {it.GetRawText()}");

    private static Guid IdOf(string path) => Guid.Parse(path.Split('/')[^1]);

    private async Task<string> WaitAsync(Guid id, string state) => (await http.GetJsonAsync($"/vms/{id}?wait={state}&timeoutSeconds=60")).Text("state");

    private async Task ReplaceAsync(int slot)
    {
        await http.DeleteVmAsync($"/vms/{_slots[slot]}");
        using var answer = await http.PostJsonAsync("/vms", "{}");
        // Otherwise there is no room just now.
        if (answer.StatusCode == HttpStatusCode.Accepted)
            _slots[slot] = IdOf(answer.Headers.Location!.OriginalString);
    }
}
