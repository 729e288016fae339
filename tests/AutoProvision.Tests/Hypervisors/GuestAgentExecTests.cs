using System.Text;
using System.Text.Json;
using AutoProvision.Hypervisors.Libvirt;
using Microsoft.Extensions.Options;

namespace AutoProvision.Hypervisors;

/// <summary>A script through QEMU's guest agent, as virsh passes its words on.</summary>
public sealed class GuestAgentExecTests
{
    private readonly FakeLibvirt _libvirt = new();
    private readonly GuestAgentExec _agent;

    public GuestAgentExecTests() => _agent = new GuestAgentExec(new Virsh(_libvirt, Options.Create(new LibvirtOptions()), TimeProvider.System), TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_script_printed_is_given()
    {
        var asked = new List<JsonElement>();
        _libvirt.AnswerAt("qemu-agent-command", (command, _) =>
        {
            asked.Add(JsonElement.Parse(FakeLibvirt.After(command, "--cmd")));
            return FakeLibvirt.Answer(asked.Count switch
            {
                1 => """{"return":{"pid":812}}""",
                2 => """{"return":{"exited":false}}""",
                _ => $$"""{"return": {"exitcode": 0, "out-data": "{{Convert.ToBase64String(Encoding.UTF8.GetBytes("größe\n"))}}", "exited": true} }""",
            });
        });

        Assert.Equal("größe\n", await _agent.TryRunAsync(Guid.NewGuid(), "echo \"größe\"", Cancellation));

        Assert.Equal(["guest-exec", "guest-exec-status", "guest-exec-status"], asked.Select(request => request.GetProperty("execute").GetString()));
        Assert.Equal("echo \"größe\"", asked[0].GetProperty("arguments").GetProperty("arg")[1].GetString());
        Assert.Equal(812, asked[1].GetProperty("arguments").GetProperty("pid").GetInt32());
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("""{"return":{}}""")]
    [InlineData("""{"return":{"pid":"x"}}""")]
    public async Task An_agent_that_answers_something_else_is_none(string answer)
    {
        _libvirt.AnswerAt("qemu-agent-command", (_, _) => FakeLibvirt.Answer(answer));

        Assert.Null(await _agent.TryRunAsync(Guid.NewGuid(), "true", Cancellation));
    }

    [Fact]
    public async Task A_guest_without_an_agent_or_with_one_that_does_not_run_commands_says_nothing()
    {
        _libvirt.RefuseAt("qemu-agent-command", "internal error: unable to execute QEMU agent command 'guest-exec': Command guest-exec has been disabled");

        Assert.Null(await _agent.TryRunAsync(Guid.NewGuid(), "true", Cancellation));
    }
}
