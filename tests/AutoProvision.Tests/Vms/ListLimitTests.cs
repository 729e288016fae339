using System.Collections;
using System.Reflection;
using AutoProvision.Api;
using AutoProvision.Fakes;
using AutoProvision.Inputs;

namespace AutoProvision.Vms;

public sealed class ListLimitTests
{
    private const int Limit = 30_000;

    [Fact]
    public void Every_list_and_map_of_a_request_has_a_greatest_length()
    {
        var bodies = typeof(VmEndpoints).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .SelectMany(method => method.GetParameters())
            .Where(parameter => parameter.ParameterType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Body<>))
            .Select(parameter => parameter.ParameterType.GetGenericArguments()[0]).Distinct();
        var lists = bodies.SelectMany(Fields).Where(field => field.PropertyType != typeof(string) && field.PropertyType.IsAssignableTo(typeof(IEnumerable)) && field.Name != nameof(ITellsNulls.Nulls)).ToList();

        Assert.True(lists.Count > 15);
        Assert.All(lists, field => Assert.True(field.GetCustomAttribute<AtMostAttribute>() is not null, $"{field.DeclaringType!.Name}.{field.Name} has no greatest length."));
    }

    [Fact(Timeout = Limit)]
    public async Task The_rules_look_at_lengths_before_members_too()
    {
        await using var host = new FakeHost();
        var rules = host.Start().Get<VmRules>();
        var faults = new FaultList([]);

        rules.Complete(new VmRequest
        {
            Disks = [.. Enumerable.Repeat(new VmDiskRequest(), ListLimits.Disks + 1)],
            Nics = [.. Enumerable.Repeat(new VmNicRequest { Name = "-" }, ListLimits.FurtherNics + 1)],
            Users = [.. Enumerable.Repeat(new VmUserRequest(), ListLimits.Users + 1)],
            AuthorizedKeys = [.. Enumerable.Repeat("x", ListLimits.AuthorizedKeys + 1)],
            Packages = [.. Enumerable.Repeat(" ", ListLimits.Packages + 1)],
            Files = [.. Enumerable.Repeat(new VmFileRequest(), ListLimits.Files + 1)],
            Hosts = [.. Enumerable.Repeat(new VmHostRequest(), ListLimits.Hosts + 1)],
            BootCommands = [.. Enumerable.Repeat("", ListLimits.Commands + 1)],
            RunCommands = [.. Enumerable.Repeat("", ListLimits.Commands + 1)],
            ReadinessChecks = [.. Enumerable.Repeat(new VmCheckRequest(), ListLimits.ReadinessChecks + 1)],
            Environment = Enumerable.Range(0, ListLimits.Variables + 1).ToDictionary(at => $"{at}", _ => ""),
            Labels = Enumerable.Range(0, ListLimits.Labels + 1).ToDictionary(at => $"-{at}", _ => ""),
        }, faults);

        Assert.All(Assert.Throws<InvalidRequestException>(faults.ThrowIfAny).Faults, fault => Assert.Equal("too_many", fault.Code));
        Assert.Equal(12, Assert.Throws<InvalidRequestException>(faults.ThrowIfAny).Faults.Count);
    }

    [Fact]
    public void A_hundred_faults_are_told_and_each_is_known()
    {
        var shape = new FaultTally();
        for (var at = 0; at < 150; at++)
            shape.Add(new Fault($"/f{at}", "field_unknown", "", ""));

        var faults = new FaultList(shape);
        faults.Add("/f149", "required", "", "");
        faults.Add("/f10", "required", "", "");
        faults.Add("/name", "required", "", "");

        Assert.True(faults.Has("/f149"));
        var told = Assert.Throws<InvalidRequestException>(faults.ThrowIfAny);
        Assert.Equal((InputLimits.MostErrors, 51), (told.Faults.Count, told.Omitted));
    }

    private static IEnumerable<PropertyInfo> Fields(Type type) => type.GetProperties().SelectMany(field =>
    {
        var inner = field.PropertyType.IsGenericType ? field.PropertyType.GetGenericArguments()[^1] : field.PropertyType;
        return inner.Namespace == typeof(VmRequest).Namespace && inner != typeof(LabelPatch) ? Fields(inner).Prepend(field) : [field];
    });
}
