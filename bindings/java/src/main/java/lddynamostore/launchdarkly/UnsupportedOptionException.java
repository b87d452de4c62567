package lddynamostore.launchdarkly;

/** An option that this store cannot honour; the message says what to use instead. */
public class UnsupportedOptionException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  /** The name of the option. */
  private final String option;

  /**
   * Describes the option.
   *
   * @param option its name
   * @param instead what to do
   */
  public UnsupportedOptionException(String option, String instead) {
    super(option + " is not supported; " + instead);
    this.option = option;
  }

  /**
   * The option's name.
   *
   * @return such as {@code clientOverrideConfiguration.headers}
   */
  public String option() {
    return option;
  }
}
