namespace AutoProvision.Processes;

public static class ProcessRegistration
{
    public static IServiceCollection AddProcesses(this IServiceCollection services) =>
        services.AddSingleton<IProcessRunner, ProcessRunner>();
}
