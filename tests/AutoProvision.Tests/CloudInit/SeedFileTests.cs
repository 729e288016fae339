namespace AutoProvision.CloudInit;

public class SeedFileTests
{
    [Fact]
    public void Meta_data_names_the_instance() =>
        Assert.Equal("instance-id: \"vm-1\"\nlocal-hostname: \"web\"\n", new MetaData("vm-1", "web").BuildYaml());

    [Theory]
    [InlineData("", "web")]
    [InlineData("a\nb", "web")]
    [InlineData("vm-1", "a.b")]
    public void Meta_data_refuses_what_cloud_init_would_misread(string id, string name) =>
        Assert.Throws<ArgumentException>(() => new MetaData(id, name));

    [Theory]
    [InlineData("version: 1\nconfig:\n- type: physical\n  name: eth0\n", 1, "'version': 1\n'config':\n- 'type': 'physical'\n  'name': 'eth0'\n")]
    [InlineData("# mine\nversion: 2\nethernets: {eth0: {dhcp4: yes}}\n", 2, "'version': 2\n'ethernets':\n  'eth0':\n    'dhcp4': yes\n")]
    [InlineData("{\n\t\"version\": 2,\n\t\"ethernets\": {}}", 2, "'version': 2\n'ethernets': {}\n")]
    [InlineData("ethernets: {}\nversion: \"2\"", 2, "'ethernets': {}\n'version': 2\n")]
    [InlineData("network: {version: '1', config: []}", 1, "'version': 1\n'config': []\n")]
    public void Network_config_is_written_again_as_cloud_init_takes_it(string yaml, int version, string written)
    {
        var config = NetworkConfig.Parse(yaml);
        Assert.Equal(written.Replace('\'', '"'), config.Yaml);
        Assert.Equal(version, config.Version);
        Assert.Equal(config.Yaml, NetworkConfig.Parse(config.Yaml).Yaml);
    }

    [Theory]
    [InlineData("")]
    [InlineData("version")]
    [InlineData("- version: 2")]
    [InlineData("ethernets: {}")]
    [InlineData("version: 3")]
    [InlineData("version: \"2\"")]
    [InlineData("version: '0x2'\nethernets: {}")]
    [InlineData("network: {version: 2, ethernets: {}}\nother: 1")]
    [InlineData("version: 2\nethernets: {eth0: {mtu: !!int x}}")]
    [InlineData("version: [2]")]
    [InlineData("network: {version: 2}")]
    [InlineData("version: 2\nversion: 2")]
    [InlineData("version: 2\n---\nversion: 2")]
    [InlineData("version: 2\nethernets: {eth0: [}")]
    [InlineData("version: 2\nethernets: *nowhere")]
    [InlineData("version: 2\n\tethernets: {}")]
    [InlineData("...\n\u606E\u1D3B---\u1E2D#!/bin/sh")]
    [InlineData("...\nx")]
    [InlineData("version: 2")]
    [InlineData("version: 2\nrenderer: networkd")]
    [InlineData("version: 2\nethernets: [eth0]")]
    [InlineData("version: 2\nethernets: {eth0: }")]
    [InlineData("version: 2\nethernets:")]
    [InlineData("version: 2\nbonds: bond0")]
    [InlineData("version: 1")]
    [InlineData("version: 1\nconfig: disabled")]
    [InlineData("version: 1\nconfig: [{name: eth0}]")]
    [InlineData("version: 1\nconfig: [{type: }]")]
    public void Network_config_of_another_shape_is_refused(string yaml) =>
        Assert.Throws<ArgumentException>(() => NetworkConfig.Parse(yaml));

    [Fact]
    public void Network_config_cannot_overrun_the_stack() =>
        Assert.ThrowsAny<ArgumentException>(() => NetworkConfig.Parse("version: 2\nx: " + new string('[', 200_000)));
}
