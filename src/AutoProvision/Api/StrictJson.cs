using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AutoProvision.Vms;

namespace AutoProvision.Api;

/// <summary>
/// Reads a body so that every unknown field and every value of the wrong type is told, not only the first one.
/// A value that cannot be read is left null.
/// </summary>
public static class StrictJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
    };

    public static T? Read<T>(JsonElement element, List<Fault> faults)
        where T : class => (T?)(element.ValueKind == JsonValueKind.Null ? Mismatch(element, "an object", "", faults) : Read(element, typeof(T), "", faults));

    private static object? Read(JsonElement element, Type type, string pointer, List<Fault> faults)
    {
        if (element.ValueKind == JsonValueKind.Null)
            return null;
        var info = Options.GetTypeInfo(type);
        return info.Kind switch
        {
            JsonTypeInfoKind.Object => ReadObject(element, info, pointer, faults),
            JsonTypeInfoKind.Enumerable => ReadList(element, info, pointer, faults),
            _ => ReadValue(element, type, pointer, faults),
        };
    }

    private static object? ReadObject(JsonElement element, JsonTypeInfo info, string pointer, List<Fault> faults)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return Mismatch(element, "an object", pointer, faults);
        var result = info.CreateObject!();
        foreach (var member in element.EnumerateObject())
        {
            var path = $"{pointer}/{Escape(member.Name)}";
            if (info.Properties.FirstOrDefault(property => property.Name == member.Name) is { } known)
                known.Set!(result, Read(member.Value, known.PropertyType, path, faults));
            else
                faults.Add(new Fault(path, "field_unknown", $"There is no field \"{member.Name}\" here.", $"Known fields: {string.Join(", ", info.Properties.Select(property => property.Name))}."));
        }
        return result;
    }

    private static object? ReadList(JsonElement element, JsonTypeInfo info, string pointer, List<Fault> faults)
    {
        if (element.ValueKind != JsonValueKind.Array)
            return Mismatch(element, "an array", pointer, faults);
        var before = faults.Count;
        var items = element.EnumerateArray().Select((item, index) => ReadItem(item, info.ElementType!, $"{pointer}/{index}", faults)).ToList();
        if (faults.Count > before && items.Contains(null))
            return null;
        var list = Array.CreateInstance(info.ElementType!, items.Count);
        for (var index = 0; index < items.Count; index++)
            list.SetValue(items[index], index);
        return list;
    }

    private static object? ReadItem(JsonElement item, Type type, string pointer, List<Fault> faults) =>
        item.ValueKind == JsonValueKind.Null ? Mismatch(item, "a value", pointer, faults) : Read(item, type, pointer, faults);

    private static object? ReadValue(JsonElement element, Type type, string pointer, List<Fault> faults)
    {
        try
        {
            return element.Deserialize(type, Options);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return Mismatch(element, Describe(Nullable.GetUnderlyingType(type) ?? type), pointer, faults);
        }
    }

    private static object? Mismatch(JsonElement element, string expected, string pointer, List<Fault> faults)
    {
        faults.Add(new Fault(pointer, "type_mismatch", $"{Shorten(element.GetRawText())} is not {expected}.", $"Send {expected}."));
        return null;
    }

    private static string Describe(Type type) => type == typeof(string) ? "a string" : type == typeof(int) ? "a whole number" : type.Name.Contains("Dictionary", StringComparison.Ordinal) ? "an object of strings" : $"a {type.Name}";

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "...";

    private static string Escape(string name) => name.Replace("~", "~0").Replace("/", "~1");
}
