using AutoProvision.Images;

namespace AutoProvision.Provisioning.Steps;

/// <summary>Turns the image's progress into the VM's events: whole percents and the lines of a build, not every buffer.</summary>
internal sealed class ImageReporter(StepContext context) : IProgress<ImageProgress>
{
    private readonly Lock _gate = new();
    private int _lastPercent = -1;

    public void Report(ImageProgress value)
    {
        lock (_gate)
        {
            var percent = (int)(value.Percent ?? -1);
            if (value.Line is null && percent == _lastPercent)
                return;
            _lastPercent = percent;
        }
        context.Report(value.Line ?? value.Phase, value.Percent is { } exact ? Math.Floor(exact) : null);
    }
}
