using AutoProvision.Processes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AutoProvision.Ssh;

public class SshOptionsTests
{
    [Fact]
    public void The_defaults_are_valid() => Assert.True(new SshOptionsValidator().Validate(null, new SshOptions()).Succeeded);

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var options = new SshOptions { ProbeTimeout = TimeSpan.FromSeconds(2), RetryInterval = TimeSpan.Zero, ConcurrentExecs = 10 };
        Assert.Equal(3, new SshOptionsValidator().Validate(null, options).Failures!.Count());
    }

    [Fact]
    public async Task The_services_are_there_and_read_their_section()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Ssh:IdleTimeout", "00:01:00")]).Build();
        await using var services = new ServiceCollection().AddSingleton<IProcessRunner, ProcessRunner>().AddSsh(configuration).BuildServiceProvider();
        Assert.Equal(TimeSpan.FromMinutes(1), services.GetRequiredService<IOptions<SshOptions>>().Value.IdleTimeout);
        Assert.NotNull(services.GetRequiredService<SshConnectionPool>());
        Assert.NotNull(services.GetRequiredService<SshWaiter>());
    }

    [Theory]
    [InlineData("true", "", "", false)]
    [InlineData("true", "/run/user/0/agent", "", true)]
    [InlineData("true", "", "/tmp/agent", true)]
    [InlineData("true", "/run/user/0/agent", "/tmp/agent", true)]
    [InlineData("false", "/run/user/0/agent", "/tmp/agent", false)]
    public async Task The_agent_is_used_where_it_is_switched_on_and_there(string useAgent, string environment, string setting, bool used)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Ssh:UseAgent", useAgent), new("SSH_AUTH_SOCK", environment), new("Ssh:AgentSocket", setting)]).Build();
        await using var services = new ServiceCollection().AddSingleton<IProcessRunner, ProcessRunner>().AddSsh(configuration).BuildServiceProvider();

        Assert.Equal(used, services.GetRequiredService<SshAgent>().Enabled);
    }
}
