using System.Globalization;
using System.Text;

namespace AutoProvision.Inputs;

/// <summary>What reading one text may still cost. Parts that are read one after the other draw on the same budget.</summary>
/// <param name="what">What is read, for the messages.</param>
/// <param name="mostBytes">UTF-8 bytes of all texts in it.</param>
/// <param name="mostNodes">Values in it.</param>
/// <param name="mostParts">Parts of a message or archive.</param>
/// <param name="cancellation">Ends the reading.</param>
internal sealed class InputBudget(string what, long mostBytes, long mostNodes, int mostParts, CancellationToken cancellation)
{
    private long _bytes;
    private long _nodes;

    /// <summary>For a text of a request.</summary>
    public static InputBudget OfRequest(string what, CancellationToken cancellation) => new(what, InputLimits.MostTextBytes, InputLimits.MostNodes, InputLimits.MostParts, cancellation);

    /// <summary>For a text that a VM was made with: as much as any version ever took.</summary>
    public static InputBudget OfJournal(string what) => new(what, InputLimits.MostBodyBytes, 10 * InputLimits.MostNodes, 1000 * InputLimits.MostParts, CancellationToken.None);

    public string What { get; } = what;

    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>For a request's body, whose length the server limits; its texts may be as long together.</summary>
    public static InputBudget OfBody(CancellationToken cancellation) => new("The body", InputLimits.MostBodyBytes, InputLimits.MostNodes, 0, cancellation);

    /// <summary>The same limits for another part of the work.</summary>
    public InputBudget Of(string part) => new(part, mostBytes, mostNodes, mostParts, Cancellation);

    /// <summary>Looks at the text's own length, before anything else is done with it.</summary>
    /// <exception cref="InputLimitException"><c>too_large</c>.</exception>
    public void CheckLength(string text)
    {
        Cancellation.ThrowIfCancellationRequested();
        // A character of UTF-16 takes one to three bytes: counting is cheap, and done only where it decides.
        if (text.Length > mostBytes || (text.Length > mostBytes / 3 && Encoding.UTF8.GetByteCount(text) > mostBytes))
            throw TooLarge($"{What} has {Shown(Encoding.UTF8.GetByteCount(text))} bytes");
    }

    /// <exception cref="InputLimitException"><c>too_large</c> or <c>too_complex</c>.</exception>
    /// <exception cref="OperationCanceledException"/>
    /// <param name="nodes">Keys, values and collections.</param>
    /// <param name="bytes">Bytes of their texts.</param>
    /// <param name="line">Where they are, for the message; 0 where it has no lines.</param>
    public void Spend(long nodes, long bytes, long line = 0)
    {
        Cancellation.ThrowIfCancellationRequested();
        _nodes += nodes;
        _bytes += bytes;
        if (_nodes > mostNodes)
            throw TooComplex($"{What} has more than {Shown(mostNodes)} values{Place(line)}", $"At most {Shown(mostNodes)} keys, values and collections, with every alias written out.");
        if (_bytes > mostBytes)
            throw TooLarge($"{What} has more than {Shown(mostBytes)} bytes once it is decoded{Place(line)}");
    }

    /// <exception cref="InputLimitException"><c>too_complex</c>.</exception>
    public void CheckParts(int count)
    {
        if (count > mostParts)
            throw TooComplex($"{What} has {count} parts or more", $"At most {mostParts} parts, those within others counted.");
    }

    private static string Place(long line) => line > 0 ? $" (line {line})" : "";

    public static InputLimitException TooDeep(string what, long line = 0) => TooComplex(
        $"{what} is nested more than {InputLimits.MostDepth} levels deep{Place(line)}", $"At most {InputLimits.MostDepth} levels, with every alias written out.");

    public static InputLimitException TooComplex(string found, string hint) => new(InputLimitException.TooComplex, $"{found}.", hint);

    private InputLimitException TooLarge(string found) => new(InputLimitException.TooLarge, $"{found}.",
        $"At most {Shown(mostBytes)} bytes of UTF-8, also decoded and with aliases written out. Send large files with PUT /vms/{{id}}/files once the VM is ready, or let the guest fetch them.");

    private static string Shown(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
