using System.Buffers.Binary;
using System.IO.Pipelines;
using AutoProvision.Ssh;

namespace AutoProvision.Fakes;

/// <summary>A channel with an SFTP server over <see cref="FakeFiles"/> at its other end.</summary>
internal sealed class FakeSftpChannel : ISshChannel
{
    private readonly Pipe _toServer = new();
    private readonly Pipe _toClient = new();
    private readonly FakeSftpServer _server;
    private readonly Task _serving;

    public FakeSftpChannel(FakeFiles files)
    {
        _server = new FakeSftpServer(files);
        (Output, Input) = (_toClient.Reader.AsStream(), _toServer.Writer.AsStream());
        _serving = ServeAsync();
    }

    public Stream Output { get; }

    public Stream Input { get; }

    public string ReadError() => "";

    /// <summary>What happens to it when its connection is closed.</summary>
    public void Break() => _toServer.Writer.Complete();

    public async ValueTask DisposeAsync()
    {
        await _toServer.Writer.CompleteAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ServeAsync()
    {
        await using var input = _toServer.Reader.AsStream();
        await using var output = _toClient.Writer.AsStream();
        var length = new byte[4];
        while (await input.ReadAtLeastAsync(length, 4, throwOnEndOfStream: false) == 4)
        {
            var packet = new byte[BinaryPrimitives.ReadUInt32BigEndian(length)];
            await input.ReadExactlyAsync(packet);
            await output.WriteAsync(await _server.AnswerAsync(packet));
        }
    }
}
