namespace AutoProvision.Ssh;

/// <summary>A program in the guest whose standard input and output are streams of bytes; disposing of it gives the program an end of file.</summary>
public interface ISshChannel : IAsyncDisposable
{
    /// <summary>What the program writes. Reading blocks and belongs on a thread of its own; it ends with the program, the channel or the connection.</summary>
    Stream Output { get; }

    /// <summary>What the program reads. Writing blocks while the guest takes nothing.</summary>
    Stream Input { get; }

    /// <summary>What the program has complained of, for a failure's evidence; complete once <see cref="Output"/> has ended.</summary>
    string ReadError();
}
