using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace AutoProvision.Ssh;

public static class SshRegistration
{
    /// <summary>Keys, connections, commands and the agent; expects an <see cref="Processes.IProcessRunner"/>.</summary>
    public static IServiceCollection AddSsh(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<SshOptions>().Bind(configuration.GetSection(SshOptions.Section)).PostConfigure(FindAgent).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SshOptions>, SshOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ISshConnector, SshConnector>();
        services.AddSingleton<ExecMemory>();
        services.AddSingleton<SshConnectionPool>();
        services.AddSingleton<SshWaiter>();
        services.AddSingleton<SshAgent>();
        return services;

        void FindAgent(SshOptions options)
        {
            if (string.IsNullOrEmpty(options.AgentSocket))
                options.AgentSocket = configuration["SSH_AUTH_SOCK"];
        }
    }
}
