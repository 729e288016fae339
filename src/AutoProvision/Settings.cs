using Microsoft.Extensions.Options;

namespace AutoProvision;

/// <summary>Start-up's look at the settings.</summary>
public static class Settings
{
    /// <summary>Validates every section before anything is built on one, so that all that is wrong is said in one message.</summary>
    /// <exception cref="OptionsValidationException">Names every fault of every section.</exception>
    public static void Check(IServiceProvider services)
    {
        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
        }
        catch (AggregateException e)
        {
            var faults = e.InnerExceptions.OfType<OptionsValidationException>().SelectMany(inner => inner.Failures);
            throw new OptionsValidationException("settings", typeof(ServiceOptions), faults);
        }
    }
}
