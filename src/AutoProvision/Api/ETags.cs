using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AutoProvision.Vms;
using Microsoft.Net.Http.Headers;

namespace AutoProvision.Api;

/// <summary>Entity tags (RFC 9110, section 8.8.3), so that a client which polls is told in a few bytes that nothing is new.</summary>
public static class ETags
{
    /// <summary>Of a VM: its version, and its place in the queue, which moves without it.</summary>
    public static EntityTagHeaderValue Of(Vm vm, int? queuePosition) => new($"\"{Text(vm, queuePosition)}\"");

    /// <summary>Of a list of VMs.</summary>
    public static EntityTagHeaderValue Of(VmPage page)
    {
        var text = string.Join('\n', page.Vms.Select(entry => $"{entry.Vm.Id} {Text(entry.Vm, entry.QueuePosition)}").Append(page.Next));
        return new($"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16))}\"");
    }

    /// <summary>Sends the tag along.</summary>
    /// <returns>Whether the client has what it stands for already, and 304 is the answer.</returns>
    public static bool IsKnown(HttpContext http, EntityTagHeaderValue tag)
    {
        http.Response.GetTypedHeaders().ETag = tag;
        return http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false));
    }

    /// <summary>Whether <c>If-Match</c>, where it was sent, names the VM as it is.</summary>
    public static bool IsExpected(HttpContext http, Vm vm, int? queuePosition)
    {
        var expected = http.Request.GetTypedHeaders().IfMatch;
        var tag = Of(vm, queuePosition);
        // One that is not understood was sent all the same.
        return http.Request.Headers.IfMatch.Count == 0 || expected.Any(it => it.Equals(EntityTagHeaderValue.Any) || it.Compare(tag, useStrongComparison: true));
    }

    private static string Text(Vm vm, int? queuePosition) => queuePosition is null
        ? vm.Version.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{vm.Version}-{queuePosition}");
}
