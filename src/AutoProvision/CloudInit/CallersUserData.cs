using System.Text;
using AutoProvision.CloudInit.Yaml;
using AutoProvision.Inputs;

namespace AutoProvision.CloudInit;

/// <summary>
/// A caller's own user-data, taken apart as cloud-init does (convert_string and _process_msg in cloudinit/user_data.py) and
/// checked: what could keep the VM's own from being applied is refused, and so is what cannot be looked into.
/// </summary>
public sealed class CallersUserData
{
    private CallersUserData(IReadOnlyList<CallersPart> parts, IReadOnlyList<string> unknown) => (Parts, Unknown) = (parts, unknown);

    internal IReadOnlyList<CallersPart> Parts { get; }

    /// <summary>JSON pointers of keys of its cloud-configs that cloud-init does not know, and ignores.</summary>
    public IReadOnlyList<string> Unknown { get; }

    /// <summary>Takes cloud-config, a script, a boothook, a cloud-config archive or a MIME message of these.</summary>
    /// <param name="text">The text as it was sent.</param>
    /// <param name="own">What the VM's own fields describe, and no cloud-config may describe as well; null where that was checked before.</param>
    /// <exception cref="ArgumentException">It is refused; the message says why. Too large or complex is an <see cref="InputLimitException"/>.</exception>
    public static CallersUserData Parse(string text, OwnDescriptions? own = null) => Read(text, own ?? OwnDescriptions.None, CancellationToken.None);

    /// <summary>The same for a caller that may go.</summary>
    /// <exception cref="ArgumentException">It is refused; the message says why.</exception>
    /// <exception cref="OperationCanceledException"/>
    public static CallersUserData Read(string text, OwnDescriptions own, CancellationToken cancellation) => Parse(text, own, InputBudget.OfRequest("userData", cancellation));

    /// <summary>Reads what was taken once, maybe by a version that took more bytes, values and parts. Depth and headers are limited as in a request.</summary>
    public static CallersUserData Reparse(string text) => Parse(text, null, InputBudget.OfJournal("userData"));

    // Null of what the VM's own fields describe: it was checked before.
    private static CallersUserData Parse(string text, OwnDescriptions? own, InputBudget budget)
    {
        budget.CheckLength(text);
        CloudInitRules.Encodable(text, "userData");
        if (text.StartsWith('\uFEFF'))
            throw new ArgumentException("userData begins with a byte order mark: cloud-init would not know it for what it is.");
        var parts = Named(Split(text, budget), isNew: own is not null);
        var unknown = new List<string>();
        var configs = budget.Of(CloudConfigRules.What);
        foreach (ref var part in parts.AsSpan())
        {
            part.Check();
            if (part.MergeType is { } merge)
                CloudConfigRules.CheckMerge(merge);
            if (part.ContentType != CallersPart.CloudConfig)
                continue;
            part = part with { Config = own is null ? ReadAgain(part.Body, configs) : CloudConfigRules.Read(part.Body, configs) };
            if (part.Config is not null)
                unknown.AddRange(own is null ? CloudConfigSchema.Judge(part.Config).Unknown : CloudConfigRules.Check(part.Config, own));
        }
        return new CallersUserData(parts, unknown);
    }

    // An older version took what is refused now. The guest gets that as it came.
    private static YamlMap? ReadAgain(string body, InputBudget budget)
    {
        try
        {
            return CloudConfigRules.Read(body, budget);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Whether one of its cloud-configs has this top-level key.</summary>
    public bool Sets(string key) => Parts.Any(part => part.Config?[key] is not null);

    /// <summary>Whether it begins as one of the kinds does; it may be refused all the same.</summary>
    internal static bool IsKnown(string text) => CallersPart.Detect(text) is not null || IsMessage(text);

    private static bool IsMessage(string text)
    {
        var start = Encoding.UTF8.GetBytes(text).AsSpan();
        return Encoding.Latin1.GetString(start[..Math.Min(start.Length, 4096)]).Contains("mime-version:", StringComparison.OrdinalIgnoreCase);
    }

    private static IReadOnlyList<CallersPart> Split(string text, InputBudget budget)
    {
        if (CallersPart.Detect(text) is { } type)
            return type == UserDataArchive.ContentType ? UserDataArchive.Read(text, budget) : [new CallersPart(type, text)];
        if (IsMessage(text))
            return UserDataMessage.Read(text, budget);
        throw new ArgumentException("userData is of no known kind: its first line is neither #cloud-config nor #! nor #cloud-boothook, and it is not a MIME message.");
    }

    // Names as cloud-init gives them (PART_FN_TPL, clean_filename); scripts run in their order.
    private static CallersPart[] Named(IReadOnlyList<CallersPart> parts, bool isNew)
    {
        if (parts.Count == 0)
            throw new ArgumentException("userData has no parts.");
        CallersPart[] named = [.. parts.Select((part, index) => part with { FileName = Clean(part.FileName) is { Length: > 0 } name ? name : $"part-{index + 1:000}" })];
        var names = new HashSet<string>();
        foreach (var part in named)
        {
            // cc_runcmd writes its script beside them.
            if (part is { ContentType: CallersPart.Script, FileName: "runcmd" })
                throw new ArgumentException("userData has a script named runcmd, which is the name of cloud-init's own.");
            // An older version took it; ours has another name then.
            if (isNew && part is { ContentType: CallersPart.Script, FileName: UserDataMessage.CommandScriptName })
                throw new ArgumentException($"userData has a script named {UserDataMessage.CommandScriptName}, which is the name of the VM's own.");
            if (!names.Add(part.FileName!))
                throw new ArgumentException($"userData has two parts named {part.FileName}: the second would replace the first.");
        }
        return named;
    }

    private static string Clean(string? name) =>
        new([.. (name ?? "").Replace('/', '_').Where(c => char.IsAsciiLetterOrDigit(c) || "_-.()".Contains(c, StringComparison.Ordinal))]);
}
