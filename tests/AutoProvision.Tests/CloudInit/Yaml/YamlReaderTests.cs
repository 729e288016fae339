using System.Globalization;
using System.Numerics;
using AutoProvision.Inputs;
using FsCheck.Xunit;

namespace AutoProvision.CloudInit.Yaml;

/// <summary>What needs no PyYAML to be told right; the rest is in AutoProvision.SshTests' PyYamlDifferenceTests.</summary>
public class YamlReaderTests
{
    [Theory]
    [InlineData("0644", "420")]
    [InlineData("0x1F", "31")]
    [InlineData("-0b11", "-3")]
    [InlineData("1_000", "1000")]
    [InlineData("12:30:45", "45045")]
    [InlineData("-1:30", "-90")]
    [InlineData("!!int \"5\"", "5")]
    public void Integers_are_those_of_YAML_1_1(string yaml, string value) => Assert.Equal(BigInteger.Parse(value, CultureInfo.InvariantCulture), Scalar(yaml).Value);

    [Theory]
    [InlineData("1.5", 1.5)]
    [InlineData("1.0e+3", 1000.0)]
    [InlineData("12:30:45.5", 45045.5)]
    [InlineData("-.inf", double.NegativeInfinity)]
    [InlineData("!!float 1e3", 1000.0)]
    public void So_are_numbers(string yaml, double value) => Assert.Equal(value, Scalar(yaml).Value);

    [Theory]
    [InlineData("yes", true)]
    [InlineData("On", true)]
    [InlineData("OFF", false)]
    public void So_are_booleans(string yaml, bool value) => Assert.Equal(value, Scalar(yaml).Value);

    [Theory]
    [InlineData("1e3")]
    [InlineData("08")]
    [InlineData("0o17")]
    [InlineData("y")]
    [InlineData("oFF")]
    [InlineData("nUll")]
    [InlineData("2001-1-1")]
    public void Other_words_are_texts(string yaml) => Assert.Equal(yaml, Scalar(yaml).Value);

    [Theory]
    [InlineData("", "null")]
    [InlineData("a", "\"a\"")]
    [InlineData("'0644'", "\"0644\"")]
    [InlineData("0644", "0644")]
    [InlineData("!!int '5'", "5")]
    [InlineData("!!float 5", "!!float \"5\"")]
    [InlineData("!!bool YeS", "!!bool \"YeS\"")]
    [InlineData("2001-12-14", "2001-12-14")]
    [InlineData("2001-12-14 1:02:03", "!!timestamp \"2001-12-14 1:02:03\"")]
    [InlineData("!!binary AP 8=", "!!binary \"AP8=\"")]
    [InlineData("\"\\ud83d\\ude00\\x07\\u2028\\\\\\n\"", "\"😀\\x07\\u2028\\\\\\n\"")]
    public void A_scalar_keeps_its_meaning_as_it_is_written(string yaml, string written) => Assert.Equal($"\"a\": {written}\n", YamlWriter.Write(Read($"a: {yaml}")!));

    [Theory]
    [InlineData("{a: [1, [2, {b: c, d: {}}], []], 5: {~: x}}", "\"a\":\n- 1\n- - 2\n  - \"b\": \"c\"\n    \"d\": {}\n- []\n5:\n  ~: \"x\"\n")]
    [InlineData("a: {b: [{c: [{d: [{e: [{f: g}]}]}]}]}", "\"a\":\n  \"b\":\n  - \"c\":\n    - \"d\":\n      - \"e\": [{\"f\": \"g\"}]\n")]
    [InlineData("a: &a {b: 1, c: 2}\nd: {<<: *a, c: 3}", "\"a\":\n  \"b\": 1\n  \"c\": 2\n\"d\":\n  \"b\": 1\n  \"c\": 3\n")]
    public void Collections_are_written_in_blocks_and_further_in_within_brackets(string yaml, string written) => Assert.Equal(written, YamlWriter.Write(Read(yaml)!));

    [Theory]
    [InlineData("? {0}\n: {1: 1}", "? \"{0}\"\n:\n  1: 1\n")]
    [InlineData("- ? {0}\n  : [1]", "- ? \"{0}\"\n  :\n  - 1\n")]
    [InlineData("[[[[[[[[{? {0} : 1}]]]]]]]]", "- - - - - - - - {? \"{0}\" : 1}\n")]
    public void A_key_longer_than_PyYAML_looks_for_is_marked_as_one(string yaml, string written)
    {
        var key = new string('k', 1100);
        Assert.Equal(written.Replace("{0}", key, StringComparison.Ordinal), YamlWriter.Write(Read(yaml.Replace("{0}", key, StringComparison.Ordinal))!));
    }

    [Property(Arbitrary = [typeof(YamlText)], MaxTest = 300)]
    public void What_is_written_is_read_as_it_was(YamlText yaml)
    {
        try
        {
            if (Read(yaml.Value) is { } value)
                Assert.Equal(YamlWriter.Write(value), YamlWriter.Write(Read(YamlWriter.Write(value))!));
        }
        catch (ArgumentException e)
        {
            Assert.NotEmpty(e.Message);
        }
    }

    private static YamlScalar Scalar(string yaml) => Assert.IsType<YamlScalar>(Read(yaml));

    private static YamlValue? Read(string yaml) => YamlReader.Read(yaml, new InputBudget("it", 100_000, 10_000, 0, CancellationToken.None));
}
