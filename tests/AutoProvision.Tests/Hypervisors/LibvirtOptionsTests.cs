using System.ComponentModel.DataAnnotations;
using AutoProvision.Hypervisors.Libvirt;

namespace AutoProvision.Hypervisors;

public sealed class LibvirtOptionsTests
{
    [Theory]
    [InlineData("00:00:00.0000001", true)]
    [InlineData("1.00:00:00", true)]
    [InlineData("00:00:00", false)]
    [InlineData("-00:00:01", false)]
    [InlineData("1.00:00:00.0000001", false)]
    public void A_tools_time_is_more_than_none_and_at_most_a_day(string value, bool valid)
    {
        var time = TimeSpan.Parse(value);

        Assert.Equal(valid ? [] : ["Libvirt:CommandTimeout must be more than zero and at most a day."], Faults(new() { CommandTimeout = time }));
        Assert.Equal(valid ? [] : ["Libvirt:CreateTimeout must be more than zero and at most a day."], Faults(new() { CreateTimeout = time }));
        Assert.Equal(valid ? [] : ["Libvirt:SnapshotTimeout must be more than zero and at most a day."], Faults(new() { SnapshotTimeout = time }));
        Assert.Equal(valid ? [] : ["Libvirt:CopyTimeout must be more than zero and at most a day."], Faults(new() { CopyTimeout = time }));
    }

    private static IEnumerable<string?> Faults(LibvirtOptions options)
    {
        var faults = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), faults, validateAllProperties: true);
        return faults.Select(fault => fault.ErrorMessage);
    }
}
