namespace AutoProvision;
public class SmokeTests { [Fact] public void T() => Assert.True(true); }
