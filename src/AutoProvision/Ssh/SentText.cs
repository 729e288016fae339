using System.Text;

namespace AutoProvision.Ssh;

/// <summary>The text of a remote command as it is sent. What is written for any login shell becomes so here and nowhere else.</summary>
internal sealed record SentText
{
    private SentText(string value) => Value = value;

    public string Value { get; }

    /// <summary>In bytes.</summary>
    public int Length => Encoding.UTF8.GetByteCount(Value);

    /// <summary>For a login shell that reads it itself.</summary>
    public static SentText Of(string line) => new(line);

    /// <summary>A script of <c>sh</c>, whatever the login shell is.</summary>
    /// <param name="script">The script.</param>
    /// <param name="mayBeBash">Whether bash runs it where there is one.</param>
    public static SentText OfScript(string script, bool mayBeBash = false) => new(mayBeBash ? AnyShell.RunInBash(script) : AnyShell.Run(script));
}
