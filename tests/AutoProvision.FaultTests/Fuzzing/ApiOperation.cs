using System.Text.Json;
using System.Text.Json.Nodes;

namespace AutoProvision.FaultTests.Fuzzing;

/// <summary>One operation as the OpenAPI document has it.</summary>
/// <param name="Name">Method and path, such as <c>GET /vms/{id}</c>.</param>
/// <param name="Parameters">In its path, its query and its headers.</param>
/// <param name="MediaTypes">What its body may be; none where it has no body.</param>
/// <param name="BodySchema">Schema of its body, where that is JSON or YAML.</param>
/// <param name="Examples">Valid bodies.</param>
/// <param name="Answers">Every documented status with its media types.</param>
internal sealed record ApiOperation(
    string Name, IReadOnlyList<ApiParameter> Parameters, IReadOnlyList<string> MediaTypes, JsonElement? BodySchema,
    IReadOnlyList<JsonNode> Examples, IReadOnlyDictionary<int, IReadOnlyList<string>> Answers)
{
    public string Method => Name[..Name.IndexOf(' ', StringComparison.Ordinal)];

    public string Path => Name[(Name.IndexOf(' ', StringComparison.Ordinal) + 1)..];

    public bool HasBody => MediaTypes.Count > 0;

    public IEnumerable<ApiParameter> In(string place) => Parameters.Where(parameter => parameter.Place == place);
}

/// <param name="Name">Its name.</param>
/// <param name="Place"><c>path</c>, <c>query</c> or <c>header</c>.</param>
/// <param name="IsRequired">Whether it cannot be left out.</param>
/// <param name="Schema">What values it has.</param>
/// <param name="Example">A valid value.</param>
internal sealed record ApiParameter(string Name, string Place, bool IsRequired, JsonElement Schema, JsonElement? Example);
