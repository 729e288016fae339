using System.Net.Http.Headers;

namespace AutoProvision.Images.Downloads;

/// <summary>
/// NAME.part, the bytes so far, and NAME.part.json, which says of what: a download goes on only where the server can confirm
/// (If-Range, RFC 9110 section 13.1.5) that the rest belongs to the same file.
/// </summary>
internal sealed class PartialDownload(string path)
{
    private string StatePath => path + ".json";

    public string Path => path;

    public long Length => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>What to go on from; null, with the leftovers gone, when there is nothing or it belongs to something else.</summary>
    public PartialState? Resume(Uri url, ImageChecksum expected)
    {
        if (Length > 0 && SideFile.Read<PartialState>(StatePath) is { } state
            && state.Url == url && state.Checksum == expected.Hex && state.Condition() is not null)
            return state;
        Delete();
        return null;
    }

    /// <summary>Begins anew with the file that this answer brings.</summary>
    public void Begin(Uri url, ImageChecksum expected, HttpResponseMessage response)
    {
        Delete();
        SideFile.Write(StatePath, new PartialState(url, expected.Hex, response.Headers.ETag?.ToString(), response.Content.Headers.LastModified));
    }

    /// <summary>The bytes have become the image; only the note about them is left to remove.</summary>
    public void Done() => File.Delete(StatePath);

    public void Delete()
    {
        File.Delete(path);
        File.Delete(StatePath);
    }
}

/// <summary>What the server called the file when its first byte came.</summary>
internal sealed record PartialState(Uri Url, string Checksum, string? ETag, DateTimeOffset? LastModified)
{
    /// <summary>A weak ETag does not promise the same bytes, so the date is taken then; null when there is neither.</summary>
    public RangeConditionHeaderValue? Condition() =>
        EntityTagHeaderValue.TryParse(ETag, out var tag) && !tag.IsWeak ? new(tag)
        : LastModified is { } date ? new(date)
        : null;

    /// <summary>False when a partial answer is plainly of another file, which servers that overlook If-Range send.</summary>
    public bool Matches(HttpResponseMessage response) =>
        (response.Headers.ETag is not { } tag || ETag is null || tag.ToString() == ETag)
        && (response.Content.Headers.LastModified is not { } date || LastModified is null || date == LastModified);
}
