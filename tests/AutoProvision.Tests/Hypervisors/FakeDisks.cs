using System.Globalization;
using System.Text.Json;
using AutoProvision.Processes;

namespace AutoProvision.Hypervisors;

/// <summary>qemu-img on real files, which begin as its own do and then hold the disk's size, its backing file and its snapshots.</summary>
internal static class FakeDisks
{
    // What such a file begins with, version 3.
    private static readonly byte[] Qcow2 = [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3];

    public static Task<ProcessResult> Run(ProcessCommand command) => command.Arguments[0] switch
    {
        "create" => Write(command.Arguments[^2], new FakeDisk(Bytes(command.Arguments[^1]), After(command, "-b"), []) { BackingFormat = After(command, "-F") }),
        "convert" => Of(command.Arguments[^2], disk => Write(command.Arguments[^1], disk with { Backing = After(command, "-B"), BackingFormat = After(command, "-F"), Snapshots = [] })),
        "resize" => Of(command.Arguments[^2], disk => Write(command.Arguments[^2], disk with { Size = Bytes(command.Arguments[^1]) })),
        "info" => Of(command.Arguments[^1], disk => FakeLibvirt.Answer(Tell(disk))),
        "snapshot" => Of(command.Arguments[^1], disk => Forget(disk, command)),
        var other => FakeLibvirt.Refused($"Command not found: {other}"),
    };

    public static FakeDisk Read(string path) => JsonSerializer.Deserialize<FakeDisk>(File.ReadAllBytes(path).AsSpan(Qcow2.Length))!;

    public static Task<ProcessResult> Write(string path, FakeDisk disk)
    {
        File.WriteAllBytes(path, [.. Qcow2, .. JsonSerializer.SerializeToUtf8Bytes(disk)]);
        return FakeLibvirt.Answer("");
    }

    private static string Tell(FakeDisk disk) => disk.Backing is null
        ? $$"""{"virtual-size": {{disk.Size}}, "format": "qcow2"}"""
        : $$"""{"virtual-size": {{disk.Size}}, "format": "qcow2", "backing-filename": "{{disk.Backing}}", "backing-filename-format": "{{disk.BackingFormat}}"}""";

    // snapshot -q -d NAME FILE
    private static Task<ProcessResult> Forget(FakeDisk disk, ProcessCommand command)
    {
        var snapshots = disk.Snapshots.ToList();
        return snapshots.Remove(command.Arguments[^2])
            ? Write(command.Arguments[^1], disk with { Snapshots = snapshots })
            : FakeLibvirt.Refused($"Could not delete snapshot '{command.Arguments[^2]}': snapshot not found");
    }

    private static Task<ProcessResult> Of(string path, Func<FakeDisk, Task<ProcessResult>> act) =>
        File.Exists(path) ? act(Read(path)) : FakeLibvirt.Refused($"Could not open '{path}': No such file or directory");

    private static string? After(ProcessCommand command, string option) => command.Arguments.SkipWhile(argument => argument != option).ElementAtOrDefault(1);

    private static long Bytes(string size) => long.Parse(size[..^1], CultureInfo.InvariantCulture) << 30;
}

internal sealed record FakeDisk(long Size, string? Backing, IReadOnlyList<string> Snapshots)
{
    public string? BackingFormat { get; init; }
}
