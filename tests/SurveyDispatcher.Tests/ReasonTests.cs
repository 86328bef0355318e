using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace SurveyDispatcher.Tests;

/// <summary>What the framework and the system say of a fault is said in the reader's language.</summary>
public sealed class ReasonTests
{
    [Theory]
    [InlineData("Access to the path '/var/x' is denied.", "没有权限访问路径 '/var/x'。")]
    [InlineData("No space left on device : '/var/x'", "磁盘空间不足 : '/var/x'")]
    [InlineData("Read-only file system", "文件系统为只读")]
    [InlineData("The field Port must be between 1 and 65535.", "Port 必须介于 1 与 65535 之间。")]
    [InlineData("The Host field is required.", "Host 不能为空。")]
    [InlineData("Something that nobody has heard of : '/var/x'", "Something that nobody has heard of : '/var/x'")]
    public void AKnownMessageIsTranslatedAndAnUnknownOneStaysAsItIs(string message, string chinese)
    {
        Assert.Equal(message, Reason.InWords(message));

        var before = CultureInfo.CurrentUICulture;
        try
        {
            Texts.Speak("zh-CN");

            Assert.Equal(chinese, Reason.InWords(message));
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
        }
    }

    /// <summary>The forms are those that this framework has: another one may word them otherwise.</summary>
    [Fact]
    public void TheFormsAreThoseOfTheFramework()
    {
        var folder = Directory.CreateTempSubdirectory("survey-reason-");
        var before = CultureInfo.CurrentUICulture;
        try
        {
            Texts.Speak("zh-CN");
            var missing = Path.Combine(folder.FullName, "no", "file");

            Assert.StartsWith("找不到文件", Reason.Of(Assert.Throws<FileNotFoundException>(() => File.OpenRead(Path.Combine(folder.FullName, "file")))), StringComparison.Ordinal);
            Assert.StartsWith("找不到文件", Reason.Of(new FileNotFoundException($"Could not find file '{missing}'.")), StringComparison.Ordinal);
            Assert.StartsWith("找不到路径", Reason.Of(Assert.Throws<DirectoryNotFoundException>(() => File.OpenRead(missing))), StringComparison.Ordinal);
            Assert.StartsWith("没有权限", Reason.Of(Assert.Throws<UnauthorizedAccessException>(() => File.OpenRead(folder.FullName))), StringComparison.Ordinal);
            Assert.Equal("Port 必须介于 1 与 9 之间。", Reason.InWords(new RangeAttribute(1, 9).FormatErrorMessage("Port")));
            Assert.Equal("Host 不能为空。", Reason.InWords(new RequiredAttribute().FormatErrorMessage("Host")));
        }
        finally
        {
            CultureInfo.CurrentUICulture = before;
            folder.Delete(recursive: true);
        }
    }
}
