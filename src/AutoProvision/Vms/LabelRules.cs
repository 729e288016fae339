using System.Text.RegularExpressions;

namespace AutoProvision.Vms;

/// <summary>The caller's marks, in the form that Kubernetes gives labels (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/).</summary>
internal static partial class LabelRules
{
    private const int MostPrefix = 253;
    private const string Hint = "A key of up to 63 characters of A-Z, a-z, 0-9, \"-\", \"_\" and \".\", beginning and ending with a letter or digit, a host name and \"/\" before it if you like; a value of the same form, or empty.";

    public static IReadOnlyDictionary<string, string> Check(IReadOnlyDictionary<string, string>? requested, FaultList faults)
    {
        var labels = faults.Within("/labels", requested, ListLimits.Labels);
        foreach (var (key, value) in labels)
        {
            var pointer = JsonPointer.To("/labels", key);
            if (!IsKey(key))
                faults.Add(pointer, "label_invalid", $"\"{key}\" is no label's key.", Hint);
            if (!IsValue(value))
                faults.Add(pointer, "label_invalid", $"\"{value}\" is no label's value.", Hint);
        }
        return labels;
    }

    public static void CheckCount(int count, FaultList faults) => faults.AtMost("/labels", count, ListLimits.Labels);

    public static bool IsValue(string value) => value.Length == 0 || Word().IsMatch(value);

    public static bool IsKey(string key) => key.Split('/') switch
    {
        [var name] => Word().IsMatch(name),
        [var prefix, var name] => prefix.Length <= MostPrefix && Prefix().IsMatch(prefix) && Word().IsMatch(name),
        _ => false,
    };

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\z")]
    private static partial Regex Word();

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\z")]
    private static partial Regex Prefix();
}
