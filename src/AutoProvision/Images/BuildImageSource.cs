using AutoProvision.Processes;
using AutoProvision.Vms;
using Microsoft.Extensions.Options;

namespace AutoProvision.Images;

/// <summary>An image that a script makes from distribution packages. NAME.qcow2 in the directory, whoever put it there, is used as it is.</summary>
internal sealed class BuildImageSource(
    IProcessRunner processes, ImageDirectory directory, BuildTree tree, IOptions<ImagesOptions> options) : IImageSource
{
    // For a script's own cleaning up: a stopped service waits for it.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public string Kind => "build";

    public string? Find(string name, ImageDefinition image) =>
        directory.PathOf(FileName(name)) is var path && File.Exists(path) ? path : null;

    public async Task<string> FetchAsync(string name, ImageDefinition image, IProgress<ImageProgress> progress, CancellationToken cancellation)
    {
        using var held = await directory.LockAsync(name, cancellation);
        if (Find(name, image) is { } made)
            return made;
        var script = Path.Combine(options.Value.ScriptDirectory, image.Build!);
        var temporary = directory.PathOf(name + ".part");
        try
        {
            File.Delete(temporary);
            await BuildAsync(script, temporary, progress, cancellation);
            return await directory.PublishAsync(temporary, FileName(name), cancellation);
        }
        finally
        {
            File.Delete(temporary);
            File.Delete(ImageAccounts.PathFor(temporary));
            await tree.RemoveAsync(temporary);
        }
    }

    private static string FileName(string name) => name + ".qcow2";

    private async Task BuildAsync(string script, string output, IProgress<ImageProgress> progress, CancellationToken cancellation)
    {
        progress.Report(new(ImageProgress.Building, null, null, $"{script} {output}"));
        var result = await RunAsync(new(script, output)
        {
            Timeout = options.Value.BuildTimeout,
            Grace = Grace,
            OnLine = line => progress.Report(new(ImageProgress.Building, null, null, line)),
        }, cancellation);
        if (!result.Succeeded)
            throw ImageFailures.Build(script, $"ended with {result.ExitCode}.", result.Evidence);
        if (!File.Exists(output))
            throw ImageFailures.Build(script, $"succeeded but wrote no {output}.", result.Evidence);
    }

    private async Task<ProcessResult> RunAsync(ProcessCommand command, CancellationToken cancellation)
    {
        if (!File.Exists(command.FileName))
            throw ImageFailures.Build(command.FileName, "is not there.", null);
        try
        {
            return await processes.RunAsync(command, cancellation);
        }
        catch (FailureException e)
        {
            throw ImageFailures.Build(command.FileName, $"did not run to its end: {e.Failure.Cause}", e.Failure.Evidence, e);
        }
    }
}
