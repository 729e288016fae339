using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>
/// Reads a body so that every unknown field and every value of the wrong type is told, not only the first one.
/// A value that cannot be read is left null; an item of a list that cannot be read is left empty.
/// </summary>
public static partial class StrictJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
    };

    public static T? Read<T>(JsonElement element, FaultTally faults)
        where T : class => (T?)(element.ValueKind == JsonValueKind.Null ? Mismatch(element, "an object", "", faults) : Read(element, typeof(T), "", faults));

    private static object? Read(JsonElement element, Type type, string pointer, FaultTally faults)
    {
        if (element.ValueKind == JsonValueKind.Null)
            return null;
        var info = Options.GetTypeInfo(type);
        return info.Kind switch
        {
            JsonTypeInfoKind.Object => ReadObject(element, info, pointer, faults),
            JsonTypeInfoKind.Enumerable => ReadList(element, info, pointer, faults),
            JsonTypeInfoKind.Dictionary when type == typeof(LabelPatch) => ReadPatch(element, pointer, faults),
            JsonTypeInfoKind.Dictionary => ReadMap(element, pointer, faults),
            _ => ReadValue(element, type, pointer, faults),
        };
    }

    private static object? ReadObject(JsonElement element, JsonTypeInfo info, string pointer, FaultTally faults)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return Mismatch(element, "an object", pointer, faults);
        var result = info.CreateObject!();
        // The others are the type's own business.
        var fields = info.Properties.Where(property => property.Set is not null).ToDictionary(property => property.Name, StringComparer.Ordinal);
        var hint = $"Known fields: {string.Join(", ", fields.Keys)}.";
        foreach (var member in element.EnumerateObject())
        {
            var path = JsonPointer.To(pointer, member.Name);
            if (fields.TryGetValue(member.Name, out var known))
                Set(result, known, IsTooLong(member.Value, known, path, faults) ? null : Read(member.Value, known.PropertyType, path, faults), member);
            else
                faults.Add(new Fault(path, "field_unknown", $"There is no field \"{member.Name}\" here.", hint));
        }
        return result;
    }

    /// <summary>The largest number of items or members that a field takes; null where there is none.</summary>
    internal static int? Most(JsonPropertyInfo field) =>
        field.AttributeProvider?.GetCustomAttributes(typeof(AtMostAttribute), inherit: true) is [AtMostAttribute most, ..] ? most.Count : null;

    // Before its members are looked at. Each of a million could have its own fault.
    private static bool IsTooLong(JsonElement element, JsonPropertyInfo field, string pointer, FaultTally faults)
    {
        var count = (element.ValueKind, Options.GetTypeInfo(field.PropertyType).Kind) switch
        {
            (JsonValueKind.Array, JsonTypeInfoKind.Enumerable) => element.GetArrayLength(),
            (JsonValueKind.Object, JsonTypeInfoKind.Dictionary) => element.GetPropertyCount(),
            _ => 0,
        };
        if (Most(field) is not { } most || count <= most)
            return false;
        faults.Add(FaultList.TooMany(pointer, count, most));
        return true;
    }

    private static void Set(object result, JsonPropertyInfo property, object? value, JsonProperty member)
    {
        property.Set!(result, value);
        if (member.Value.ValueKind == JsonValueKind.Null && result is ITellsNulls it)
            it.Nulls.Add(member.Name);
    }

    private static object? ReadList(JsonElement element, JsonTypeInfo info, string pointer, FaultTally faults)
    {
        if (element.ValueKind != JsonValueKind.Array)
            return Mismatch(element, "an array", pointer, faults);
        var items = element.EnumerateArray().Select((item, index) => ReadItem(item, info.ElementType!, $"{pointer}/{index}", faults) ?? Unreadable(info.ElementType!)).ToList();
        if (items.Contains(null))
            return null;
        var list = Array.CreateInstance(info.ElementType!, items.Count);
        for (var index = 0; index < items.Count; index++)
            list.SetValue(items[index], index);
        return list;
    }

    // Stands where an item could not be read, so that the others keep their places and are checked as well. Nothing is made of it: the fault of its own refuses the body.
    private static object? Unreadable(Type type) =>
        type == typeof(string) ? "" : Options.GetTypeInfo(type) is { Kind: JsonTypeInfoKind.Object, CreateObject: { } create } ? create() : null;

    // As a map, but null says that a member is to go.
    private static LabelPatch? ReadPatch(JsonElement element, string pointer, FaultTally faults)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return (LabelPatch?)Mismatch(element, "an object", pointer, faults);
        var patch = new LabelPatch();
        foreach (var member in element.EnumerateObject())
            patch[member.Name] = (string?)Read(member.Value, typeof(string), JsonPointer.To(pointer, member.Name), faults);
        return patch;
    }

    // Texts by their names, in one order whatever order they came in.
    private static SortedDictionary<string, string>? ReadMap(JsonElement element, string pointer, FaultTally faults)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return (SortedDictionary<string, string>?)Mismatch(element, "an object", pointer, faults);
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
            if (ReadItem(member.Value, typeof(string), JsonPointer.To(pointer, member.Name), faults) is string text)
                map[member.Name] = text;
        return map;
    }

    private static object? ReadItem(JsonElement item, Type type, string pointer, FaultTally faults) =>
        item.ValueKind == JsonValueKind.Null ? Mismatch(item, "a value", pointer, faults) : Read(item, type, pointer, faults);

    private static object? ReadValue(JsonElement element, Type type, string pointer, FaultTally faults)
    {
        if (Nullable.GetUnderlyingType(type) == typeof(DateTimeOffset))
            return ReadTime(element) ?? Mismatch(element, "a time such as \"2027-01-31T12:00:00Z\" (RFC 3339)", pointer, faults);
        try
        {
            return element.Deserialize(type, Options);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return Mismatch(element, Describe(Nullable.GetUnderlyingType(type) ?? type), pointer, faults);
        }
    }

    private static DateTimeOffset? ReadTime(JsonElement element) =>
        element.ValueKind == JsonValueKind.String && element.GetString() is { } text && DateTime().IsMatch(text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) ? time : null;

    private static object? Mismatch(JsonElement element, string expected, string pointer, FaultTally faults)
    {
        faults.Add(new Fault(pointer, "type_mismatch", $"{Shorten(element.GetRawText())} is not {expected}.", expected == "a string" ? "Send a string: it has quotes around it." : $"Send {expected}."));
        return null;
    }

    private static string Describe(Type type) => type == typeof(string) ? "a string" : type == typeof(int) ? "a whole number" : type == typeof(bool) ? "true or false" : $"a {type.Name}";

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "...";

    // RFC 3339, section 5.6. .NET takes a time without an offset as well, and would make it the host's own.
    [GeneratedRegex(@"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex DateTime();
}
