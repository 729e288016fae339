using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AutoProvision.Vms;

namespace AutoProvision.Hypervisors.Libvirt;

/// <summary>Runs a script in the guest through QEMU's guest agent (guest-exec, docs/interop/qemu-ga-ref), which some guests do not allow.</summary>
public sealed class GuestAgentExec(Virsh virsh, TimeProvider time)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private const int MostLooks = 20;

    /// <returns>What it printed; null where no agent answers, or it does not do such things.</returns>
    public async Task<string?> TryRunAsync(Guid id, string script, CancellationToken cancellation)
    {
        try
        {
            var started = await AskAsync(id, "guest-exec", new JsonObject { ["path"] = "/bin/sh", ["arg"] = new JsonArray("-c", script), ["capture-output"] = true }, cancellation);
            if (started?["pid"]?.GetValue<long>() is not { } pid)
                return null;
            for (var left = MostLooks; left > 0; left--)
            {
                var status = await AskAsync(id, "guest-exec-status", new JsonObject { ["pid"] = pid }, cancellation);
                if (status?["exited"]?.GetValue<bool>() == true)
                    return status["out-data"]?.GetValue<string>() is { } data ? Encoding.UTF8.GetString(Convert.FromBase64String(data)) : "";
                await Task.Delay(Look, time, cancellation);
            }
            return null;
        }
        // The guest may answer anything.
        catch (Exception e) when (e is FailureException or JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private async Task<JsonNode?> AskAsync(Guid id, string command, JsonObject arguments, CancellationToken cancellation)
    {
        var request = new JsonObject { ["execute"] = command, ["arguments"] = arguments }.ToJsonString();
        var answer = await virsh.TryAsync(AnswerWithin, cancellation, "qemu-agent-command", "--domain", id.ToString(), "--cmd", request);
        return answer.Succeeded ? JsonNode.Parse(answer.Output)?["return"] : null;
    }
}
