using AutoProvision.CloudInit;

namespace AutoProvision.Inputs;

/// <summary>What is large or hard to read is taken or refused with a known code, and the work for it does not grow faster than its length.</summary>
public sealed class NastyInputTests
{
    private const int Small = 200_000;
    private const int Large = InputLimits.MostTextBytes - 1024;

    // A tree of nodes, its events and the text itself; measured as 60 to 150 MB for the largest.
    private const long MostAllocated = 400_000_000;

    public static TheoryData<string> Yaml => [.. NastyYaml.All.Select(it => it.Name)];

    public static TheoryData<string> Messages => [.. NastyMessages.All.Select(it => it.Name)];

    [Theory, MemberData(nameof(Yaml))]
    public void No_YAML_costs_more_than_its_length(string name)
    {
        var (_, outcome, text) = NastyYaml.All.Single(it => it.Name == name);
        Check(name, outcome, size => "#cloud-config\n" + text(size), yaml => CallersUserData.Parse(yaml));
    }

    [Theory, MemberData(nameof(Messages))]
    public void No_message_costs_more_than_its_length(string name)
    {
        var (_, outcome, text) = NastyMessages.All.Single(it => it.Name == name);
        Check(name, outcome, text, message => CallersUserData.Parse(message));
    }

    [Theory, MemberData(nameof(Yaml))]
    public void No_network_config_costs_more_than_its_length(string name)
    {
        var (_, _, text) = NastyYaml.All.Single(it => it.Name == name);
        // The same reader at a fifth of the length: only what is made of the document differs.
        Check($"network-config, {name}", null, size => "version: 2\nethernets: {}\n" + text(size), yaml => NetworkConfig.Parse(yaml), Small);
    }

    private static void Check(string name, string? outcome, Func<int, string> text, Action<string> read, int length = Large)
    {
        // Not counted: what is made once.
        Run(text(1000), read);
        var small = Run(text(length / 5), read);
        var before = Environment.CpuUsage.TotalTime;
        var large = Run(text(length), read);
        Console.WriteLine($"figure: {name}: {(Environment.CpuUsage.TotalTime - before).TotalSeconds:0.00} CPU s, {large.Allocated / 1_000_000} MB, {large.Outcome}");

        if (outcome is not null)
            Assert.Equal(outcome, large.Outcome);
        Assert.InRange(large.Allocated, 0, MostAllocated);
        // Five times the text; buffers that double make it up to ten. MimeKit's buffer for one header grows by steps, and ends with the text.
        Assert.True(large.Allocated < 12 * small.Allocated + 100_000_000, $"{name}: {small.Allocated} bytes became {large.Allocated}.");
    }

    private static (string Outcome, long Allocated) Run(string text, Action<string> read)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var outcome = Outcome(text, read);
        return (outcome, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Outcome(string text, Action<string> read)
    {
        try
        {
            read(text);
            return NastyYaml.Taken;
        }
        catch (InputLimitException e)
        {
            return e.Code;
        }
        catch (ArgumentException)
        {
            return NastyYaml.Form;
        }
    }
}
