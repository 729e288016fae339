using AutoProvision.Ssh;

namespace AutoProvision.Fakes;

/// <summary>A program of a guest that writes something and ends.</summary>
internal sealed class FakeGuestProgram(byte[] output) : ISshChannel
{
    public Stream Output { get; } = new MemoryStream(output);

    public Stream Input { get; } = new MemoryStream();

    public string ReadError() => "";

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
