using Xunit.v3;

namespace AutoProvision.HostTests.Vms.Whole;

/// <summary>Tests of one guest, from its first boot to its deletion: in the order in which they are written.</summary>
public sealed class InSourceOrder : ITestMethodOrderer
{
    // The compiler numbers methods as they come.
    public IReadOnlyCollection<TTestMethod?> OrderTestMethods<TTestMethod>(IReadOnlyCollection<TTestMethod?> testMethods)
        where TTestMethod : notnull, Xunit.Sdk.ITestMethod =>
        [.. testMethods.OrderBy(method => method is IXunitTestMethod { Method.MetadataToken: var token } ? token : 0)];
}
