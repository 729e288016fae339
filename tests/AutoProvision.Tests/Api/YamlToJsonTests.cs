using System.Text;
using System.Text.Json;
using AutoProvision.CloudInit;
using AutoProvision.Inputs;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using YamlDotNet.RepresentationModel;

namespace AutoProvision.Api;

public sealed class YamlToJsonTests
{
    [Theory]
    [InlineData("a: 1", """{"a":1}""")]
    [InlineData("{a: [1, two, 'three', \"f\\u00f6ur\"]}", """{"a":[1,"two","three","f\u00f6ur"]}""")]
    [InlineData("- ~\n-\n- null\n- true\n- False\n- 'null'\n- \"true\"", """[null,null,null,true,false,"null","true"]""")]
    [InlineData("[yes, No, on, off, 1_000, 12:30:45, 2001-12-14, 0b1, 1e, +, .]", """["yes","No","on","off","1_000","12:30:45","2001-12-14","0b1","1e","+","."]""")]
    [InlineData("[12, -0, +7, 0o17, 0x1fF, 99999999999999999999]", """[12,-0,7,15,511,99999999999999999999]""")]
    [InlineData("[0644, 007, -01, +00]", """["0644","007","-01","+00"]""")]
    [InlineData("[1.5, -.5, 5., +01.50, 1e3, 2E-2, 1.e+1]", """[1.5,-0.5,5,1.50,1e3,2E-2,1e+1]""")]
    [InlineData("[!!str 1, ! 2, !!int 3, !!float 4, !!bool true, !!null '']", """["1","2",3,4,true,null]""")]
    [InlineData("a: |\n  one\n  two\nb: >-\n  one\n  two\n", """{"a":"one\ntwo\n","b":"one two"}""")]
    [InlineData("1: a\ntrue: b\n~: c", """{"1":"a","true":"b","~":"c"}""")]
    [InlineData("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n*x : e", """{"a":[1],"b":[1],"c":2,"d":2,"2":"e"}""")]
    [InlineData("a: &o\n  i: &i 1\n  j: *i\nb: &i 2\nc: *o\nd: *i", """{"a":{"i":1,"j":1},"b":2,"c":{"i":1,"j":1},"d":2}""")]
    [InlineData("<<: {a: 1}", """{"<<":{"a":1}}""")]
    [InlineData("%YAML 1.2\n---\na: b\n...\n", """{"a":"b"}""")]
    [InlineData("", "null")]
    [InlineData("# nothing", "null")]
    public void It_is_read_as_YAML_1_2_says(string yaml, string json) => Same(json, Convert(yaml));

    [Theory]
    [InlineData("a: 1\nb: ]\nc: d", "line 2")]
    [InlineData("a: 1\na: 2", "line 2: \"a\" is there twice")]
    [InlineData("a: 1\nb: {c: 1,\n \"c\": 2}", "line 3: \"c\" is there twice")]
    [InlineData("a: &x b\n*x : 1\nb: 2", "line 3: \"b\" is there twice")]
    [InlineData("a: 1\n---\nb: 2", "line 2: there is more than one document")]
    [InlineData("a: 1\nb: *x", "line 2: nothing is named &x")]
    [InlineData("a: &x [*x]", "line 1: *x stands within what it is an alias of")]
    [InlineData("? [a]\n: 1", "line 1: a key is a collection")]
    [InlineData("a: .inf", "line 1: .inf has no counterpart")]
    [InlineData("a: -.Inf", "has no counterpart")]
    [InlineData("a: .nan", "has no counterpart")]
    [InlineData("a: !!binary eA==", "line 1: \"eA==\" cannot have the tag tag:yaml.org,2002:binary")]
    [InlineData("a: !!int x", "cannot have the tag")]
    [InlineData("a: !mine x", "cannot have the tag !mine")]
    [InlineData("a: \"\\ud800\"", "")]
    [InlineData("a: b\0\nc: d", "NUL")]
    public void What_is_broken_or_not_JSON_is_refused_with_its_line(string yaml, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Convert(yaml)).Message, StringComparison.Ordinal);

    [Fact]
    public void Aliases_cannot_make_much_out_of_little()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (var level = 1; level < 20; level++)
            bomb.Append($"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 9))}]\n");

        Assert.Equal(InputLimitException.TooComplex, Assert.Throws<InputLimitException>(() => Convert(bomb.ToString())).Code);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public void Depth_is_limited(string part) => Assert.Throws<InputLimitException>(() => Convert(string.Concat(Enumerable.Repeat(part, 100_000))));

    [Fact]
    public void Every_character_takes_no_more_than_it_took() =>
        Assert.Equal(2_000_002, Convert($"\"{new string('ü', 1_000_000)}\"").Length);

    [Property(Arbitrary = [typeof(JsonText)], MaxTest = 300)]
    public void Whatever_JSON_says_YAML_says_too(JsonText json)
    {
        Same(json.Text, Convert(InBlocks(JsonElement.Parse(json.Text))));
        Same(json.Text, Convert(json.Text));
    }

    private static ReadOnlyMemory<byte> Convert(string yaml) => YamlToJson.Convert(yaml, InputBudget.OfBody(CancellationToken.None));

    private static void Same(string json, ReadOnlyMemory<byte> actual) =>
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(json), JsonElement.Parse(actual.Span)), $"{json} became {Encoding.UTF8.GetString(actual.Span)}");

    private static string InBlocks(JsonElement element)
    {
        using var writer = new StringWriter();
        new YamlStream(new YamlDocument(Node(element))).Save(writer, assignAnchors: false);
        return writer.ToString();
    }

    private static YamlNode Node(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new YamlMappingNode(element.EnumerateObject().Select(member => KeyValuePair.Create(CloudConfigYaml.Text(member.Name), Node(member.Value)))),
        JsonValueKind.Array => new YamlSequenceNode(element.EnumerateArray().Select(Node)),
        JsonValueKind.String => CloudConfigYaml.Text(element.GetString()!),
        _ => new YamlScalarNode(element.GetRawText()),
    };
}

/// <summary>A JSON object of any shape, three levels deep, with texts that YAML likes to take for something else.</summary>
public sealed record JsonText(string Text)
{
    public static Arbitrary<JsonText> Arbitrary() => Arb.From(Object(3).Select(value => new JsonText(JsonSerializer.Serialize(value))));

    private static Gen<object?> Value(int depth) => depth == 0 ? Scalar : Gen.OneOf(Scalar, Scalar, Object(depth - 1), Value(depth - 1).ListOf().Select(object? (items) => items.Take(5).ToList()));

    private static Gen<object?> Object(int depth) =>
        HostileText.Text.SelectMany(key => Value(depth).Select(value => (key, value))).ListOf()
            .Select(object? (members) => members.Take(5).DistinctBy(member => member.key).ToDictionary(member => member.key, member => member.value));

    private static Gen<object?> Scalar => Gen.OneOf(
        HostileText.Text.Select(object? (text) => text), Gen.Choose(int.MinValue, int.MaxValue).Select(object? (number) => number),
        Gen.Elements<object?>(null, true, false, 0.5, -1e300, long.MaxValue));
}
