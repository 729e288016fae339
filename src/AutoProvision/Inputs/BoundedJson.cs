using System.Text.Json;

namespace AutoProvision.Inputs;

/// <summary>Parses JSON whose values were counted first: a document takes many times the memory of its text, and looks for names given twice.</summary>
internal static class BoundedJson
{
    // Looked at by the thousand: a million tokens take some ten milliseconds.
    private const int Round = 1024;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = InputLimits.MostDepth };

    /// <exception cref="JsonException">It is not JSON, or names a member twice.</exception>
    /// <exception cref="InputLimitException"><c>too_complex</c>.</exception>
    /// <exception cref="OperationCanceledException"/>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, InputBudget budget)
    {
        Count(utf8.Span, budget);
        return JsonDocument.Parse(utf8, Strict);
    }

    private static void Count(ReadOnlySpan<byte> utf8, InputBudget budget)
    {
        // One level more than is taken, so that the reader does not complain of it first.
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = InputLimits.MostDepth + 1 });
        var nodes = 0;
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
                continue;
            // Of a collection it is the number of those around it.
            if (reader.CurrentDepth >= InputLimits.MostDepth && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
                throw InputBudget.TooDeep(budget.What);
            if (++nodes % Round == 0)
                budget.Spend(Round, 0);
        }
        budget.Spend(nodes % Round, 0);
    }
}
