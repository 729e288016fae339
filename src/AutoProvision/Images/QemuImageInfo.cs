using System.Text.Json;

namespace AutoProvision.Images;

/// <summary>What <c>qemu-img info --output=json</c> says of one file.</summary>
/// <param name="Format">QEMU's name of it: <c>qcow2</c>, <c>raw</c>, <c>vmdk</c> and so on.</param>
/// <param name="VirtualSizeBytes">What a guest sees.</param>
/// <param name="BackingFile">Another file this one is a layer on, by the name the image itself gives.</param>
/// <param name="BackingFormat">QEMU's name of that file's format, where the image gives it.</param>
/// <param name="DataFile">Another file that holds a qcow2's data.</param>
/// <param name="Encrypted">Unusable without a secret that nobody gives us.</param>
internal sealed record QemuImageInfo(string Format, long VirtualSizeBytes, string? BackingFile, string? BackingFormat, string? DataFile, bool Encrypted)
{
    /// <summary>Field names are those of QEMU's <c>ImageInfo</c> (qapi/block-core.json).</summary>
    /// <exception cref="JsonException">The text is not such an answer.</exception>
    public static QemuImageInfo Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || Text(root, "format") is not { } format || Number(root, "virtual-size") is not { } size)
            throw new JsonException("no format and virtual-size");
        return new(format, size,
            Text(root, "backing-filename") ?? Text(root, "full-backing-filename"),
            Text(root, "backing-filename-format"),
            Specific(root) is { } data ? Text(data, "data-file") : null,
            root.TryGetProperty("encrypted", out var encrypted) && encrypted.ValueKind == JsonValueKind.True);
    }

    private static JsonElement? Specific(JsonElement root) =>
        root.TryGetProperty("format-specific", out var specific) && specific.ValueKind == JsonValueKind.Object
        && specific.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object ? data : null;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}
