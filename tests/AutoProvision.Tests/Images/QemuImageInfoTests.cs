using System.Text.Json;

namespace AutoProvision.Images;

public sealed class QemuImageInfoTests
{
    // As qemu-img 7.2 prints them.
    private const string Recorded = """
        {
            "virtual-size": 10737418240,
            "filename": "overlay.qcow2",
            "cluster-size": 65536,
            "format": "qcow2",
            "actual-size": 200704,
            "format-specific": {
                "type": "qcow2",
                "data": {
                    "compat": "1.1",
                    "compression-type": "zlib",
                    "lazy-refcounts": false,
                    "refcount-bits": 16,
                    "corrupt": false,
                    "extended-l2": false
                }
            },
            "full-backing-filename": "/images/base.qcow2",
            "backing-filename": "base.qcow2",
            "backing-filename-format": "qcow2",
            "dirty-flag": false
        }
        """;

    [Fact]
    public void A_layer_is_read_with_the_file_it_is_on() =>
        Assert.Equal(new QemuImageInfo("qcow2", 10737418240, "base.qcow2", "qcow2", null, false), QemuImageInfo.Parse(Recorded));

    [Fact]
    public void A_data_file_is_read() =>
        Assert.Equal("/dev/sda", QemuImageInfo.Parse("""{"format":"qcow2","virtual-size":1,"format-specific":{"type":"qcow2","data":{"data-file":"/dev/sda"}}}""").DataFile);

    [Theory]
    [InlineData("""{"format":"raw","virtual-size":512}""")]
    [InlineData("""{"format":"raw","virtual-size":512,"format-specific":null,"encrypted":false}""")]
    [InlineData("""{"children":[{"name":"file","info":{"format":"file","virtual-size":512}}],"format":"raw","virtual-size":512}""")]
    public void A_raw_image_stands_alone(string json) =>
        Assert.Equal(new QemuImageInfo("raw", 512, null, null, null, false), QemuImageInfo.Parse(json));

    [Theory]
    [InlineData(""), InlineData("[]"), InlineData("{}"), InlineData("""{"format":"raw"}"""), InlineData("""{"format":1,"virtual-size":"x"}""")]
    public void Anything_else_is_not_an_answer(string json) =>
        Assert.ThrowsAny<JsonException>(() => QemuImageInfo.Parse(json));
}
