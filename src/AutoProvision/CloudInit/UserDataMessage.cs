using System.Text;
using AutoProvision.Inputs;
using MimeKit;
using YamlDotNet.RepresentationModel;
using static AutoProvision.CloudInit.CloudConfigYaml;

namespace AutoProvision.CloudInit;

/// <summary>User-data of several parts: a MIME message, which cloud-init reads part by part and merges.</summary>
internal static class UserDataMessage
{
    // Has a character that no line of base64 has.
    private const string Boundary = "==autoprovision_part==";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // Items of ours that come before the caller's: what is done with a list stops at the first item that fails, and a line of
    // bootcmd can end the script that they all are. For users the first of a name wins, too.
    private static readonly HashSet<string> First = ["users", "write_files", "packages", "bootcmd"];

    // Items of ours that come after the caller's: a later mount can cancel an earlier one.
    private static readonly HashSet<string> Last = ["fs_setup", "mounts"];

    // Ours only as long as the caller says nothing else.
    private static readonly HashSet<string> Defaults = ["locale", "no_ssh_fingerprints", "ssh"];

    /// <summary>
    /// Our run commands' script: beside the caller's, where cloud-init runs all of a folder in the order of their names and goes on after one that fails. A runcmd of the
    /// caller's is another (cc_scripts_user runs scripts/runcmd).
    /// </summary>
    public const string CommandScriptName = "00-runcommands";

    /// <summary>The caller's parts, then ours, which add to the caller's lists and replace everything else.</summary>
    public static string Build(CallersUserData callers, CloudInitBuilder ours)
    {
        var others = CallersAccounts.Of(callers);
        var entries = ours.Entries(others).Where(it => it.Key != "runcmd" && !IsCallers(it.Key, ours, callers)).ToLookup(it => First.Contains(it.Key) ? 0 : Last.Contains(it.Key) ? 1 : 2);
        CallersPart[] parts =
        [
            .. callers.Parts.Select(part => LateFiles.Deferred(part, path => ours.IsLate(path, others))),
            .. ours.CommandScript() is { } script ? [new CallersPart(CallersPart.Script, script, FreeName(callers))] : Array.Empty<CallersPart>(),
            Part("dict(recurse_list)+list(prepend)+str()", entries[0]),
            Part("dict(recurse_list)+list(append)+str()", entries[1]),
            Part("dict(replace)+list()+str()", entries[2]),
        ];
        var text = new StringBuilder($"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"{Boundary}\"\n\n");
        foreach (var part in parts)
            Write(text, part);
        return text.Append($"--{Boundary}--\n").ToString();
    }

    /// <param name="text">The whole message.</param>
    /// <param name="budget">How much of it is read.</param>
    /// <exception cref="ArgumentException">It is no MIME message, a part of it is no text in UTF-8, or it is too large or complex.</exception>
    public static IReadOnlyList<CallersPart> Read(string text, InputBudget budget)
    {
        try
        {
            var message = Utf8.GetBytes(text);
            MessageGuard.Check(message, budget);
            using var stream = new MemoryStream(message);
            return [.. Leaves(MimeEntity.Load(MessageGuard.Bounded(), stream, budget.Cancellation)).Select(entity => Part(entity, budget))];
        }
        catch (FormatException e)
        {
            throw new ArgumentException($"userData is not a readable MIME message: {e.Message}", e);
        }
    }

    // A name that the caller's script has, which an older version took, gets a hyphen more: then it comes before that.
    private static string FreeName(CallersUserData callers)
    {
        var taken = callers.Parts.Select(part => part.FileName).ToHashSet();
        var name = CommandScriptName;
        while (taken.Contains(name))
            name = name.Insert(name.IndexOf('-', StringComparison.Ordinal), "-");
        return name;
    }

    private static bool IsCallers(string key, CloudInitBuilder ours, CallersUserData callers) =>
        callers.Sets(key) && (Defaults.Contains(key) || (key == "manage_etc_hosts" && !ours.HasHosts));

    private static CallersPart Part(string mergeHow, IEnumerable<(string Key, YamlNode Value)> entries) =>
        new(CallersPart.CloudConfig, CloudConfigYaml.Write(Map([("merge_how", Text(mergeHow)), .. entries]), "#cloud-config\n"));

    private static void Write(StringBuilder text, CallersPart part)
    {
        text.Append($"--{Boundary}\nContent-Type: {part.ContentType}; charset=\"utf-8\"\nContent-Transfer-Encoding: base64\n");
        if (part.FileName is { } name)
            text.Append($"Content-Disposition: attachment; filename=\"{name}\"\n");
        if (part.MergeType is { } merge)
            text.Append($"Merge-Type: {merge}\n");
        foreach (var line in Convert.ToBase64String(Utf8.GetBytes(part.Rendered)).Chunk(76))
            text.Append('\n').Append(line);
        text.Append('\n');
    }

    private static IEnumerable<MimeEntity> Leaves(MimeEntity entity) =>
        entity is Multipart several ? several.SelectMany(Leaves) : [entity];

    private static CallersPart Part(MimeEntity entity, InputBudget budget)
    {
        var type = entity.ContentType.MimeType.ToLowerInvariant();
        if (entity is not MimePart part)
            throw new ArgumentException($"userData has a part of the kind {type}, which is not taken.");
        // As _process_msg: these are known by how they begin.
        var isOpen = type is "text/plain" or "text/x-not-multipart" or CallersPart.Script;
        if (!isOpen)
            CallersPart.CheckKind(type);
        var body = Body(part);
        budget.Spend(0, Utf8.GetByteCount(body));
        type = isOpen ? CallersPart.Detect(body) ?? type : type;
        return type == UserDataArchive.ContentType
            ? throw new ArgumentException("userData has an archive inside of a MIME message; send one or the other.")
            : new CallersPart(type, body, part.FileName, part.Headers["Merge-Type"] ?? part.Headers["X-Merge-Type"]);
    }

    private static string Body(MimePart part)
    {
        using var bytes = new MemoryStream();
        part.Content?.DecodeTo(bytes);
        try
        {
            return CloudInitRules.Encodable(Utf8.GetString(bytes.ToArray()), "userData");
        }
        catch (DecoderFallbackException e)
        {
            throw new ArgumentException("userData has a part that is not text in UTF-8.", e);
        }
    }
}
